"""The clustered bootstrap against resampling customer by customer; repeated rows do not narrow the interval."""

import numpy as np
import pytest

from models.intervals import clustered_mean


def slow(each: np.ndarray, customer: np.ndarray, draws: int, confidence: float, seed: int) -> tuple[float, float]:
    """Ends of the interval, with every resample built row by row."""
    random, means = np.random.default_rng(seed), []
    ids = np.unique(customer)
    for _ in range(draws):
        drawn = random.choice(ids, len(ids))
        means.append(np.concatenate([each[customer == one] for one in drawn]).mean())
    low, high = np.quantile(means, ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(low), float(high)


def test_the_interval_is_that_of_resampling_customers_row_by_row() -> None:
    random = np.random.default_rng(0)
    customer = random.integers(0, 60, 400)
    each = random.normal(size=400) + random.normal(size=60)[customer]
    mean, low, high = clustered_mean(each, customer, 2000, 0.9, seed=1)
    assert mean == each.mean()
    assert (low, high) == pytest.approx(slow(each, customer, 2000, 0.9, seed=2), abs=0.03)


def test_the_difference_to_itself_is_exactly_zero() -> None:
    assert clustered_mean(np.zeros(4), np.arange(4), 20, 0.9, 0) == (0.0, 0.0, 0.0)


def test_the_seed_fixes_the_interval_and_more_confidence_widens_it() -> None:
    each = np.random.default_rng(0).normal(size=300)
    _, low, high = clustered_mean(each, np.arange(300), 1000, 0.8, 0)
    _, lower, higher = clustered_mean(each, np.arange(300), 1000, 0.99, 0)
    assert (low, high) == clustered_mean(each, np.arange(300), 1000, 0.8, 0)[1:]
    assert lower < low < each.mean() < high < higher


def test_repeating_every_row_of_a_customer_does_not_narrow_the_interval() -> None:
    each = np.random.default_rng(0).normal(size=300)
    once = clustered_mean(each, np.arange(300), 500, 0.9, 0)
    often = clustered_mean(np.tile(each, 4), np.tile(np.arange(300), 4), 500, 0.9, 0)
    assert often == pytest.approx(once)
