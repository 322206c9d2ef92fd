"""Scores against scikit-learn, and the bootstrap against a table that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from models.scores import (
    average_precision,
    bootstrap_difference,
    brier,
    calibration_slope,
    lift,
    log_loss,
    predictive_scores,
    roc_auc,
)

labelled = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.7, 0.99])), min_size=2, max_size=60
).filter(lambda rows: 0 < sum(y for y, _ in rows) < len(rows))


@settings(deadline=None)
@given(labelled)
def test_scores_agree_with_scikit_learn_also_with_ties(rows: list[tuple[int, float]]) -> None:
    y, p = np.array(rows, dtype=float).T
    assert roc_auc(y, p) == pytest.approx(metrics.roc_auc_score(y, p))
    assert average_precision(y, p) == pytest.approx(metrics.average_precision_score(y, p))
    assert log_loss(y, p) == pytest.approx(metrics.log_loss(y, p))
    assert brier(y, p) == pytest.approx(metrics.brier_score_loss(y, p))


@settings(deadline=None)
@given(labelled, st.randoms())
def test_no_score_depends_on_the_order_of_the_rows(rows: list[tuple[int, float]], random: object) -> None:
    y, p = np.array(rows, dtype=float).T
    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    # The calibration slope is where an iteration stops, so its last digits depend on the order of adding.
    expected = pytest.approx(predictive_scores(y, p), rel=1e-4, abs=1e-6, nan_ok=True)
    assert predictive_scores(y[shuffled], p[shuffled]) == expected


@pytest.mark.parametrize(
    ("y", "p", "top", "expected"),
    [
        ([1, 0, 0, 0], [0.9, 0.2, 0.1, 0.3], 0.25, 4.0),
        ([1, 1, 0, 0], [0.9, 0.8, 0.1, 0.3], 0.50, 2.0),
        ([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5], 0.25, 1.0),  # all tied: the base rate
        ([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1], 0.50, 1.5),  # one place, two tied rows of which one buys
    ],
)
def test_lift_by_hand(y: list[int], p: list[float], top: float, expected: float) -> None:
    assert lift(y, p, top) == pytest.approx(expected)


def test_the_calibration_slope_of_true_probabilities_is_one_and_of_overconfident_ones_a_half() -> None:
    random = np.random.default_rng(0)
    log_odds = random.normal(0.0, 1.5, 40_000)
    y = (random.uniform(size=40_000) < 1.0 / (1.0 + np.exp(-log_odds))).astype(float)
    assert calibration_slope(y, 1.0 / (1.0 + np.exp(-log_odds))) == pytest.approx(1.0, abs=0.03)
    assert calibration_slope(y, 1.0 / (1.0 + np.exp(-2.0 * log_odds))) == pytest.approx(0.5, abs=0.02)


def test_scores_that_are_not_defined_are_nan() -> None:
    scores = predictive_scores([0, 0], [0.5, 0.5])
    undefined = {"roc_auc", "average_precision", "lift_10", "calibration_slope"}
    assert {name for name, value in scores.items() if np.isnan(value)} == undefined


def test_the_difference_to_itself_is_exactly_zero() -> None:
    y, p = np.array([0, 1, 0, 1.0]), np.array([0.2, 0.7, 0.4, 0.6])
    assert bootstrap_difference(y, p, p, log_loss, draws=20) == (0.0, 0.0, 0.0)


def test_a_better_model_has_an_interval_below_zero_and_the_seed_fixes_it() -> None:
    random = np.random.default_rng(0)
    p = random.uniform(size=2000)
    y = (random.uniform(size=2000) < p).astype(float)
    first = bootstrap_difference(y, p, np.full(2000, 0.5), log_loss, seed=1)
    assert first[1] <= first[0] <= first[2] < 0.0
    assert first == bootstrap_difference(y, p, np.full(2000, 0.5), log_loss, seed=1)


def test_repeating_every_row_of_a_customer_does_not_narrow_the_interval() -> None:
    random = np.random.default_rng(0)
    p = random.uniform(size=300)
    y = (random.uniform(size=300) < p).astype(float)
    once = bootstrap_difference(y, p, np.full(300, 0.5), brier, customers=np.arange(300))
    ids = np.tile(np.arange(300), 4)
    often = bootstrap_difference(np.tile(y, 4), np.tile(p, 4), np.full(1200, 0.5), brier, customers=ids)
    assert often == pytest.approx(once)
