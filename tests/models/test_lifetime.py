"""The value of a year: by hand, and in the cases where everybody knows the answer."""

import numpy as np
import pytest

from models.segments.lifetime import values_of_a_year

ONE, TWO = np.array([0, 1]), np.array([3, 7])


def test_two_segments_that_exchange_half_of_their_customers_are_worth_what_a_hand_computes() -> None:
    before, after = np.array([3, 3, 7, 7]), np.array([3, 7, 7, 7])
    spend = np.array(
        [10.0, 30.0, 2.0, 4.0]
    )  # means 20 and 3; half of the first move to the second, which nobody leaves
    found = values_of_a_year(before, after, spend, 182.5, TWO, 0)
    assert found[3].mean == pytest.approx(20 + (0.5 * 20 + 0.5 * 3))
    assert found[7].mean == pytest.approx(3 + 3)


def test_who_never_moves_spends_the_same_all_year() -> None:
    label, spend = np.repeat(ONE, 50), np.repeat([5.0, 1.0], 50)
    found = values_of_a_year(label, label, spend, 73.0, ONE, 0)
    assert (found[0].mean, found[0].low, found[0].high) == pytest.approx((25.0, 25.0, 25.0))
    assert found[1].mean == pytest.approx(5.0)


def test_a_part_of_a_period_counts_as_that_part() -> None:
    label = np.zeros(20, dtype=np.int64)
    assert values_of_a_year(label, label, np.full(20, 8.0), 730.0, ONE[:1], 0)[0].mean == pytest.approx(4.0)


def test_the_interval_contains_the_mean_and_narrows_with_customers() -> None:
    random = np.random.default_rng(0)
    widths = []
    for n in (100, 10_000):
        label, spend = random.integers(2, size=n), random.gamma(1.0, 10.0, n)
        found = values_of_a_year(label, random.permutation(label), spend, 90.0, ONE, 1)
        assert all(each.low < each.mean < each.high for each in found.values())
        widths.append(found[0].high - found[0].low)
    assert widths[1] < widths[0] / 5


def test_a_segment_that_nobody_was_in_has_no_value() -> None:
    label = np.zeros(30, dtype=np.int64)
    assert set(values_of_a_year(label, label, np.ones(30), 90.0, ONE, 0)) == {0}
