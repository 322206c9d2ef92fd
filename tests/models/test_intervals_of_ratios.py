"""Intervals of ratios and slopes: nearly those of a bootstrap over customers, which they stand in for."""

import numpy as np
import pytest

from models.intervals import clustered_ratio, clustered_slope
from models.scores import calibration_slope


def rows(seed: int = 0, customers: int = 800) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three rows a customer that share a tendency, so that rows are not independent."""
    random = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), 3)
    tendency = np.repeat(random.normal(size=customers), 3)
    p = 1 / (1 + np.exp(-(0.8 * random.normal(size=len(customer)) - 0.5)))
    y = (random.uniform(size=len(customer)) < 1 / (1 + np.exp(-(np.log(p / (1 - p)) + tendency)))).astype(float)
    return y, p, customer


def bootstrapped(statistic, customers: int = 800, draws: int = 400):  # type: ignore[no-untyped-def]
    random, found = np.random.default_rng(1), []
    for _ in range(draws):
        drawn = random.integers(customers, size=customers)
        found.append(statistic((3 * drawn[:, None] + np.arange(3)).ravel()))
    return np.quantile(found, [0.05, 0.95])


def test_the_interval_of_a_ratio_is_that_of_a_bootstrap() -> None:
    y, p, customer = rows()
    ratio, *ends = clustered_ratio(p, y, customer)
    assert ratio == pytest.approx(p.sum() / y.sum())
    assert ends == pytest.approx(bootstrapped(lambda at: p[at].sum() / y[at].sum()), abs=0.01)


def test_the_interval_of_a_slope_is_that_of_a_bootstrap() -> None:
    y, p, customer = rows()
    slope, *ends = clustered_slope(y, p, customer)
    assert slope == pytest.approx(calibration_slope(y, p))
    assert ends == pytest.approx(bootstrapped(lambda at: calibration_slope(y[at], p[at])), abs=0.03)


def test_rows_of_one_customer_count_as_one() -> None:
    y, p, _ = rows()
    doubled = [np.tile(each, 2) for each in (y, p, np.arange(len(y)))]
    once, twice = clustered_slope(y, p, np.arange(len(y))), clustered_slope(*doubled)
    assert twice == pytest.approx(once)


def test_nothing_observed_has_no_ratio_and_no_slope() -> None:
    nothing = np.zeros(5)
    assert np.isnan(clustered_ratio(np.ones(5), nothing, np.arange(5))).all()
    assert np.isnan(clustered_slope(nothing, np.linspace(0.1, 0.9, 5), np.arange(5))).all()
