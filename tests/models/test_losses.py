"""Losses against their textbook formulas, and at the edges."""

import numpy as np
import pytest
from sklearn.metrics import mean_tweedie_deviance

from models.losses import brier, integrated_brier, log_loss, tweedie_deviance


def test_the_deviance_equals_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y = np.where(random.random(500) < 0.6, 0.0, random.gamma(0.5, 400.0, 500))
    expected = random.gamma(0.5, 200.0, 500) + 1e-3
    assert tweedie_deviance(y, expected).mean() == pytest.approx(mean_tweedie_deviance(y, expected, power=1.5))


def test_no_answer_has_an_infinite_loss_and_a_right_one_has_none() -> None:
    y = np.array([0.0, 1.0, 1e6])
    assert np.isfinite(tweedie_deviance(y, np.zeros(3))).all()
    assert (tweedie_deviance(y[1:], y[1:]) == 0.0).all()
    assert np.isfinite(log_loss(np.array([1.0, 0.0]), np.array([0.0, 1.0]))).all()


def test_the_integrated_brier_score_is_the_area_under_the_brier_scores() -> None:
    horizons = (7.0, 30.0, 90.0)
    happened, within = np.array([[0.0, 0.0, 1.0]]), np.array([[0.2, 0.5, 0.6]])
    heights = [0.0, *brier(happened, within)[0]]
    assert integrated_brier(happened, within, horizons)[0] == pytest.approx(np.trapezoid(heights, [0, 7, 30, 90]) / 90)


def test_a_row_observed_for_fewer_horizons_is_averaged_over_those() -> None:
    cut = integrated_brier(np.array([[0.0, 1.0, np.nan]]), np.array([[0.2, 0.5, 0.6]]), (7.0, 30.0, 90.0))
    whole = integrated_brier(np.array([[0.0, 1.0]]), np.array([[0.2, 0.5]]), (7.0, 30.0))
    assert cut == pytest.approx(whole)
    assert np.isnan(integrated_brier(np.array([[np.nan]]), np.array([[0.5]]), (7.0,))).all()
