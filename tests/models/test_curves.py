"""Curves against brute force: who is at risk, Kaplan-Meier, dates, calibration."""

import numpy as np
import pytest
from scipy.integrate import quad

from features.windows import to_datetime
from models import curves
from models.question import Question
from models.sample import Floats
from models.targets import curve

HORIZONS = (7.0, 30.0, 90.0)
QUESTION = Question("next_purchase", "curve", "next_order", HORIZONS)


def customers(rows: int = 400, seed: int = 0) -> Floats:
    """Days to the event and days observed; ties, events at 0 and at a horizon, and every kind of censoring."""
    random = np.random.default_rng(seed)
    observed = random.choice([5.0, 7.0, 29.0, 30.0, 60.0, 90.0], rows)
    event = np.floor(random.exponential(40.0, rows))
    return np.column_stack([np.where(event < observed, event, np.inf), observed])


def test_rows_at_risk_are_those_that_a_loop_over_customers_finds() -> None:
    y = customers()
    for k, (start, end) in enumerate([(0.0, 7.0), (7.0, 30.0), (30.0, 90.0)]):
        wanted = [(i, float(event < end)) for i, (event, seen) in enumerate(y) if seen >= end and event >= start]
        rows, events = curves.at_risk(y, HORIZONS)[k]
        assert list(zip(np.flatnonzero(rows), events, strict=True)) == wanted


def test_without_censoring_the_base_curve_is_the_share_of_events() -> None:
    y = customers(4000)
    y[:, 1] = 90.0
    shares = [(y[:, 0] < horizon).mean() for horizon in HORIZONS]
    assert curves.from_hazards(curves.base_hazards(y, HORIZONS)[None])[0] == pytest.approx(shares, abs=1e-3)


def test_censoring_does_not_bend_the_base_curve() -> None:
    """Events at a constant rate; most customers were observed for a month only, so the raw share would be far off."""
    random = np.random.default_rng(1)
    event, observed = random.exponential(50.0, 40_000), random.choice([7.0, 30.0, 90.0], 40_000, p=[0.5, 0.4, 0.1])
    y = np.column_stack([np.where(event < observed, event, np.inf), observed])
    truth = 1.0 - np.exp(-np.array(HORIZONS) / 50.0)
    assert curves.from_hazards(curves.base_hazards(y, HORIZONS)[None])[0] == pytest.approx(truth, abs=0.015)


def test_the_curve_reaches_the_chance_at_the_day_found() -> None:
    """The chance at a day is one minus the survival, integrated under a hazard that is constant in each interval."""
    within, days = np.array([0.2, 0.5, 0.9]), (0.0, *HORIZONS)
    survival = np.concatenate([[1.0], 1.0 - within])
    rates = [np.log(survival[k] / survival[k + 1]) / (days[k + 1] - days[k]) for k in range(3)]
    for chance in (0.1, 0.2, 0.35, 0.5, 0.77, 0.9):
        day = curves.days_until(within[None], HORIZONS, chance)[0]
        hazard = quad(lambda t: rates[np.searchsorted(HORIZONS, t)], 0.0, day, points=HORIZONS[:2], limit=200)[0]
        assert 1.0 - np.exp(-hazard) == pytest.approx(chance, abs=1e-6)


def test_a_chance_that_is_not_reached_has_no_day_and_a_sure_event_has_one() -> None:
    flat, sure = np.array([[0.0, 0.0, 0.1]]), np.array([[1.0, 1.0, 1.0]])
    assert np.isnan(curves.days_until(flat, HORIZONS, 0.5)).all()
    assert 0.0 < curves.days_until(sure, HORIZONS, 0.9)[0] < 7.0


def test_calibration_brings_each_horizon_nearer_to_its_rate_and_never_lets_a_curve_fall() -> None:
    random = np.random.default_rng(4)
    truth = np.sort(random.beta(1.0, 2.0, (20_000, 3)), axis=1)
    reached = random.random((20_000, 1)) < truth
    event = np.select([reached[:, 0], reached[:, 1], reached[:, 2]], [6.0, 29.0, 89.0], np.inf)
    y, squeezed = np.column_stack([event, np.full(20_000, 90.0)]), truth**2
    fixed = curve.answer(squeezed, curve.calibrate(squeezed, y, np.repeat([0.0, 90.0], 10_000), QUESTION), QUESTION)
    assert (np.diff(fixed, axis=1) >= 0.0).all()
    before, after = (curve.scores(y, answer, QUESTION) for answer in (squeezed, fixed))
    for horizon in HORIZONS:  # half of the level's error is corrected, on the scale of log odds
        assert abs(after[f"mean_error_{horizon:g}"]) < 0.9 * abs(before[f"mean_error_{horizon:g}"])
        assert abs(after[f"slope_{horizon:g}"] - 1.0) < abs(before[f"slope_{horizon:g}"] - 1.0)
    assert after["integrated_brier"] < before["integrated_brier"]


def test_a_horizon_without_observations_is_not_calibrated() -> None:
    y = np.column_stack([np.full(100, np.inf), np.full(100, 30.0)])
    y[:40, 0] = 3.0
    raw = np.tile([0.3, 0.4, 0.7], (100, 1))
    assert curve.answer(raw, curve.calibrate(raw, y, np.repeat([0.0, 90.0], 50), QUESTION), QUESTION)[
        :, 2
    ] == pytest.approx(0.7)
    assert np.isnan(curve.scores(y, raw, QUESTION)["roc_auc_90"])


def test_dates_are_those_of_python_to_the_nearest_microsecond() -> None:
    random, as_of = np.random.default_rng(5), 20_240.0
    near_midnight = np.concatenate([k + np.array([-6e-12, -5e-12, 0.0, 5e-12]) for k in (1.0, 30.0, 89.0)])
    days = np.concatenate([random.uniform(0.0, 90.0, 500), near_midnight, [np.nan]])
    for start in (as_of, as_of + 0.4321, -3.5, 80_000.0):
        row = {f"{name}_days": days for name in ("expected", "earliest", "latest")} | {
            f"within_{h:g}": days for h in HORIZONS
        }
        sent = curve.as_json(row, QUESTION, start)
        wanted = [None if np.isnan(d) else to_datetime(start + d).date().isoformat() for d in days.tolist()]
        assert sent["expected_at"] == sent["earliest_at"] == sent["latest_at"] == wanted


def test_a_horizon_within_which_nothing_happened_says_nothing_of_use() -> None:
    scores = {"roc_auc_7": float("nan"), "roc_auc_30": 0.8, "roc_auc_90": 0.7}
    assert curve.useful(scores, QUESTION) == (
        True,
        "of two customers, one of whom it happens to, it names the right one in 80% of cases (30 days)",
    )
    assert not curve.useful(dict.fromkeys(scores, float("nan")), QUESTION)[0]
