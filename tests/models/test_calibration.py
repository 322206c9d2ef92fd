"""Calibration undoes a known distortion and never changes the order of customers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import METHODS, NONE, apply, isotonic, level, logit, proven, sigmoid
from models.losses import log_loss


def distorted(slope: float, intercept: float, rows: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores from which ``expit(intercept + slope * logit)`` would recover the truth, and labels from the truth."""
    random = np.random.default_rng(1)
    p = random.beta(2.0, 4.0, rows)
    truth = 1.0 / (1.0 + np.exp(-(intercept + slope * np.log(p / (1.0 - p)))))
    return p, (random.uniform(size=rows) < truth).astype(float)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.7), (1.8, -0.4)])
def test_a_known_distortion_is_recovered(slope: float, intercept: float) -> None:
    found = sigmoid(*distorted(slope, intercept), level_trust=1.0)
    assert found["slope"] == pytest.approx(slope, abs=0.06)
    assert found["intercept"] == pytest.approx(intercept, abs=0.06)


def test_calibrated_probabilities_have_the_mean_of_the_labels_and_a_smaller_loss() -> None:
    p, y = distorted(0.5, 0.7)
    q = apply(sigmoid(p, y, 1.0), p)
    assert q.mean() == pytest.approx(y.mean(), abs=2e-3)
    assert log_loss(y, q).mean() < log_loss(y, p).mean() - 0.02


def test_half_the_level_trust_moves_the_middle_half_as_far_with_the_same_slope() -> None:
    p, y = distorted(1.4, 0.8)
    none, half, full = (sigmoid(p, y, level_trust) for level_trust in (0.0, 0.5, 1.0))
    middle = 1.0 / (1.0 + np.exp(-logit(p).mean()))
    moved = [logit(apply(each, np.array([middle])))[0] - logit(np.array([middle]))[0] for each in (half, full)]
    assert none["slope"] == half["slope"] == full["slope"]
    assert logit(apply(none, np.array([middle])))[0] == pytest.approx(logit(np.array([middle]))[0])
    assert moved[0] == pytest.approx(moved[1] / 2.0)


def test_a_handful_of_rows_hardly_moves_the_scores() -> None:
    found = sigmoid(np.array([0.2, 0.8, 0.3]), np.array([1.0, 0.0, 1.0]))
    assert abs(found["slope"] - 1.0) < 0.3
    assert abs(found["intercept"]) < 0.3


def test_scores_in_the_wrong_order_are_not_reversed() -> None:
    p, y = distorted(-1.0, 0.0)
    assert sigmoid(p, y)["slope"] == 0.0
    assert np.ptp(apply(sigmoid(p, y, 1.0), p)) == 0.0


@settings(deadline=None)
@given(st.floats(0.01, 5.0), st.floats(-4.0, 4.0), st.lists(st.floats(0.0, 1.0, allow_subnormal=False), min_size=2))
def test_customers_stay_in_order(slope: float, intercept: float, values: list[float]) -> None:
    p = np.sort(np.array(values))
    assert (np.diff(apply({"intercept": intercept, "slope": slope}, p)) >= 0.0).all()


def test_log_odds_of_0_and_1_are_finite_and_the_identity_changes_nothing() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    p = np.linspace(0.001, 0.999, 50)
    assert apply({"intercept": 0.0, "slope": 1.0}, p) == pytest.approx(p, abs=1e-12)


def dated(distort: bool, rows: int = 30_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, labels and the cutoffs, ten days apart; with ``distort`` the scores are too extreme at all of them."""
    p, y = distorted(0.5, 0.0, rows) if distort else distorted(1.0, 0.0, rows)
    return p, y, np.repeat([0.0, 10.0, 20.0, 30.0, 40.0, 50.0], rows // 6)


def two_classes(y: np.ndarray) -> bool:
    return len(np.unique(y)) == 2


def test_scores_that_need_no_correction_get_none() -> None:
    assert proven(*dated(distort=False), 30.0, two_classes) == NONE


def test_a_lasting_distortion_is_corrected() -> None:
    p, y, as_of = dated(distort=True)
    found = proven(p, y, as_of, 30.0, two_classes)
    assert found["method"] in ("sigmoid", "isotonic")
    assert log_loss(y, apply(found, p)).mean() < log_loss(y, p).mean() - 0.01


def test_a_correction_that_helps_at_one_cutoff_and_harms_at_another_has_not_proved_itself() -> None:
    """A level that jumps up and down: what the earlier cutoffs teach is wrong at one of the later ones."""
    random = np.random.default_rng(0)
    as_of = np.repeat([0.0, 30.0, 60.0], 5_000)
    rate = np.repeat([0.4, 0.4, 0.25], 5_000)
    y = (random.uniform(size=len(rate)) < rate).astype(float)
    assert proven(np.full(len(rate), 0.3) + random.uniform(0, 0.01, len(rate)), y, as_of, 30.0, two_classes) == NONE


def test_without_a_horizon_between_cutoffs_nothing_can_prove_itself() -> None:
    assert proven(*dated(distort=True), 60.0, two_classes) == NONE


def test_a_level_moves_half_of_the_way_and_leaves_the_slope() -> None:
    p, y = distorted(1.0, 0.8)
    found = level(p, y)
    assert found["slope"] == 1.0
    assert found["intercept"] == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_leaves_customers_in_order(method: str) -> None:
    p, y = distorted(0.5, 0.3, 5_000)
    grid = np.linspace(0.0, 1.0, 201)
    found = apply(METHODS[method](p, y), grid)
    assert (np.diff(found) >= 0.0).all()
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_isotonic_follows_a_curve_that_no_sigmoid_does() -> None:
    random = np.random.default_rng(2)
    p = random.uniform(size=50_000)
    truth = np.where(p < 0.5, 0.1, 0.9)
    y = (random.uniform(size=len(p)) < truth).astype(float)
    assert log_loss(y, apply(isotonic(p, y), p)).mean() < log_loss(y, apply(sigmoid(p, y, 1.0), p)).mean() - 0.01
