"""The clustered bootstrap against a plain one, draw by draw, and against theory."""

import numpy as np
import pytest

from models import intervals
from models.intervals import clustered_mean


def test_rows_of_one_customer_are_drawn_together() -> None:
    """The same rows three times over are no more evidence than once."""
    once = np.random.default_rng(0).normal(size=300)
    customer = np.arange(300)
    single = clustered_mean(once, customer, 800, 0.9, seed=1)
    assert clustered_mean(np.tile(once, 3), np.tile(customer, 3), 800, 0.9, seed=1) == pytest.approx(single)


def test_without_repeats_the_interval_is_the_normal_one() -> None:
    each = np.random.default_rng(1).normal(3.0, 2.0, size=4000)
    mean, low, high = clustered_mean(each, np.arange(4000), 3000, 0.9, seed=2)
    error = each.std() / np.sqrt(4000)
    assert mean == each.mean()
    assert (low, high) == pytest.approx((mean - 1.645 * error, mean + 1.645 * error), abs=0.1 * error)


def test_it_is_the_loop_over_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers may have any numbers and unequal rows; steps of drawing do not show."""
    random = np.random.default_rng(2)
    customer = random.choice([7, -3, 90, 12, 5], size=40)
    each = random.normal(size=40)
    groups = [each[customer == number] for number in np.unique(customer)]
    drawn = np.random.default_rng(9)
    means = [np.concatenate([groups[i] for i in drawn.integers(5, size=5)]).mean() for _ in range(50)]
    expected = (each.mean(), *np.quantile(means, (0.1, 0.9)))
    assert clustered_mean(each, customer, 50, 0.8, seed=9) == pytest.approx(expected)
    monkeypatch.setattr(intervals, "DRAWN_AT_ONCE", 12)
    assert clustered_mean(each, customer, 50, 0.8, seed=9) == pytest.approx(expected)
