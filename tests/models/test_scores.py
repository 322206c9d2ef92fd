"""Scores against scikit-learn, against all pairs, and against tables that can be checked by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from models.question import Question
from models.scores import calibration_slope, concordance, lift
from models.targets import binary

QUESTION = Question("churn", "binary", "lapses", (30.0,))

labelled = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.7, 0.99])), min_size=2, max_size=60
).filter(lambda rows: 0 < sum(y for y, _ in rows) < len(rows))


def predictive_scores(y: Any, p: Any) -> dict[str, float]:
    return binary.scores(np.asarray(y, dtype=float), np.asarray(p, dtype=float)[:, None], QUESTION)


@settings(deadline=None)
@given(labelled)
def test_scores_agree_with_scikit_learn_also_with_ties(rows: list[tuple[int, float]]) -> None:
    y, p = np.array(rows, dtype=float).T
    found = predictive_scores(y, p)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, p))
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(y, p))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p))
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, p))


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
        ([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1], 0.50, 1.5),  # two tied rows at the edge, of which one buys
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


times = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 5.0, np.inf]), st.sampled_from([0.1, 0.4, 0.4, 0.9])), min_size=2, max_size=25
)


@settings(deadline=None)
@given(times)
def test_concordance_is_what_counting_all_pairs_gives(rows: list[tuple[float, float]]) -> None:
    days, p = np.array(rows).T
    pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if days[i] < days[j]]
    if not pairs:
        assert np.isnan(concordance(days, p))
        return
    right = [1.0 if p[i] > p[j] else 0.5 if p[i] == p[j] else 0.0 for i, j in pairs]
    assert concordance(days, p) == pytest.approx(np.mean(right))
