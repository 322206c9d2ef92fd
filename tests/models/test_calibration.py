"""Calibration undoes a known distortion and never changes the order of customers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import apply, fit, logit
from models.losses import log_loss


def distorted(slope: float, intercept: float, rows: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores from which ``expit(intercept + slope * logit)`` would recover the truth, and labels from the truth."""
    random = np.random.default_rng(1)
    p = random.beta(2.0, 4.0, rows)
    truth = 1.0 / (1.0 + np.exp(-(intercept + slope * np.log(p / (1.0 - p)))))
    return p, (random.uniform(size=rows) < truth).astype(float)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.7), (1.8, -0.4)])
def test_a_known_distortion_is_recovered(slope: float, intercept: float) -> None:
    found = fit(*distorted(slope, intercept))
    assert found["slope"] == pytest.approx(slope, abs=0.06)
    assert found["intercept"] == pytest.approx(intercept, abs=0.06)


def test_calibrated_probabilities_have_the_mean_of_the_labels_and_a_smaller_loss() -> None:
    p, y = distorted(0.5, 0.7)
    q = apply(fit(p, y), p)
    assert q.mean() == pytest.approx(y.mean(), abs=2e-3)
    assert log_loss(y, q).mean() < log_loss(y, p).mean() - 0.02


def test_half_the_level_trust_moves_the_middle_half_as_far_with_the_same_slope() -> None:
    p, y = distorted(1.4, 0.8)
    none, half, full = (fit(p, y, level_trust) for level_trust in (0.0, 0.5, 1.0))
    middle = 1.0 / (1.0 + np.exp(-logit(p).mean()))
    moved = [logit(apply(sigmoid, np.array([middle])))[0] - logit(np.array([middle]))[0] for sigmoid in (half, full)]
    assert none["slope"] == half["slope"] == full["slope"]
    assert logit(apply(none, np.array([middle])))[0] == pytest.approx(logit(np.array([middle]))[0])
    assert moved[0] == pytest.approx(moved[1] / 2.0)


def test_a_handful_of_rows_hardly_moves_the_scores() -> None:
    found = fit(np.array([0.2, 0.8, 0.3]), np.array([1.0, 0.0, 1.0]))
    assert abs(found["slope"] - 1.0) < 0.3
    assert abs(found["intercept"]) < 0.3


def test_scores_in_the_wrong_order_are_not_reversed() -> None:
    p, y = distorted(-1.0, 0.0)
    assert fit(p, y)["slope"] == 0.0
    assert np.ptp(apply(fit(p, y), p)) == 0.0


@settings(deadline=None)
@given(st.floats(0.01, 5.0), st.floats(-4.0, 4.0), st.lists(st.floats(0.0, 1.0, allow_subnormal=False), min_size=2))
def test_customers_stay_in_order(slope: float, intercept: float, values: list[float]) -> None:
    p = np.sort(np.array(values))
    assert (np.diff(apply({"intercept": intercept, "slope": slope}, p)) >= 0.0).all()


def test_log_odds_of_0_and_1_are_finite_and_the_identity_changes_nothing() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    p = np.linspace(0.001, 0.999, 50)
    assert apply({"intercept": 0.0, "slope": 1.0}, p) == pytest.approx(p, abs=1e-12)
