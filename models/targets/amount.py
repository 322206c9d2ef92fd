"""How much, within the horizon? An expected amount of at least 0, with an interval that contains four outcomes in five.

Both are calibrated on predictions out of time: the expectations by a factor, the interval by conformal prediction among
customers of similar expectation (Boström & Johansson 2020, "Mondrian conformal regressors").
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from features.errors import BadInput
from models import amounts, losses
from models.charts import Chart, Forecasts, Panel, Series, concentration, equal_groups, number, percent, tenths_of
from models.question import Question
from models.sample import Floats
from models.scores import mean
from models.targets import Calibration

LOSS = "tweedie_deviance"
LOSS_WORDS = "Tweedie deviance"
CHANCES = False
LEAST_GINI = 0.3
MIN_ROWS = 100
"""Rows that a fit or a calibration needs; a third of as many must be above 0."""


class Answer(BaseModel):
    """An expected amount and its 80 % interval; null with a reason where the question does not apply."""

    expected: float | None
    low: float | None
    high: float | None
    unit: str
    horizon_days: float
    reason: str | None = None


def headline(question: Question) -> tuple[str, ...]:  # noqa: ARG001 - the same for every question
    """Loss, error, order, level, interval."""
    return ("tweedie_deviance", "mae", "spearman", "gini", "bias", "coverage")


def lines(question: Question) -> dict[str, str]:  # noqa: ARG001
    """Loss and order."""
    return {"gini": "normalised Gini, higher is better", "tweedie_deviance": "Tweedie deviance, lower is better"}


def check_horizons(horizons: Sequence[float]) -> None:
    """One horizon."""
    if len(horizons) != 1:
        raise BadInput(f"horizon_days names {len(horizons)} horizons, an amount has one: give one number of days")


def labels(label: Floats, question: Question) -> Floats:
    """Amounts of at least 0."""
    if not (np.isfinite(label) & (label >= 0.0)).all():
        raise BadInput(f"labels of {question.task} contain negative or infinite amounts: label each row 0 or more")
    return label


def enough(y: Floats, question: Question) -> bool:  # noqa: ARG001
    """At least ``MIN_ROWS`` rows, a third of that number above 0."""
    return len(y) >= MIN_ROWS and int((y > 0.0).sum()) >= MIN_ROWS // 3


def rarer_outcome(y: Floats, question: Question) -> int:  # noqa: ARG001
    """Rows above 0: a shop may have no customer who spends nothing."""
    return int((y > 0.0).sum())


def calibrate(raw: Floats, y: Floats, as_of: Floats, question: Question) -> Calibration:  # noqa: ARG001
    """A factor for the level, and the interval at each expected amount."""
    return amounts.calibrate(raw, y)


def calibration_method(calibration: Calibration) -> str:
    """The factor."""
    return f"level times {calibration['level']:.2f}, and an interval"


def answer(raw: Floats, calibration: Calibration | None, question: Question) -> Floats:  # noqa: ARG001
    """(n, 3): expected, low, high; without a calibration low and high are nan."""
    return amounts.calibrated(raw, calibration)


def loss(y: Floats, answer: Floats, question: Question) -> Floats:  # noqa: ARG001
    """Tweedie deviance per row."""
    return losses.tweedie_deviance(y, answer[:, 0])


def scores(y: Floats, answer: Floats, question: Question) -> dict[str, float]:  # noqa: ARG001
    """Error, ranking and level of the expectations; coverage, the share of outcomes inside the interval.

    ``coverage_nonzero`` is the coverage among customers whose ``high`` is above 0: where nine in ten spend nothing,
    every interval that contains 0 covers more than four in five. ``bias`` is the relative error of the total.
    """
    expected, _, high = answer.T
    error = expected - y
    covered = _covered(y, answer)
    return {
        "tweedie_deviance": mean(losses.tweedie_deviance(y, expected)),
        "mae": mean(np.abs(error)),
        "rmse": float(np.sqrt(mean(error**2))),
        "bias": float(expected.sum() / y.sum() - 1.0) if y.sum() > 0.0 else float("nan"),
        "gini": amounts.normalised_gini(y, expected),
        "spearman": _spearman(y, expected),
        "coverage": mean(covered),
        "coverage_nonzero": mean(covered[high > 0.0]),
        "mean_label": mean(y),
        "mean_prediction": mean(expected),
    }


def _covered(y: Floats, answer: Floats) -> Floats:
    """1.0 where the outcome lies in the interval, 0.0 where not, nan where there is none."""
    _, low, high = answer.T
    return np.where(np.isnan(low), np.nan, (low <= y) & (y <= high))


def _spearman(y: Floats, expected: Floats) -> float:
    """Rank correlation; 0 if all expectations are equal, nan if all outcomes are."""
    from scipy.stats import spearmanr  # only for scores: the import takes a second, and serving does without

    if len(np.unique(y)) < 2:
        return float("nan")
    return float(spearmanr(y, expected).statistic) if len(np.unique(expected)) > 1 else 0.0


def levels(y: Floats, answer: Floats, question: Question) -> dict[str, tuple[Floats, Floats]]:  # noqa: ARG001
    """Amounts and expectations."""
    return {"": (y, answer[:, 0])}


def event(y: Floats, question: Question) -> Floats:  # noqa: ARG001
    """Whether there was any."""
    return np.asarray(y > 0.0, dtype=np.float64)


def useful(scores: Mapping[str, float], question: Question) -> tuple[bool, str]:  # noqa: ARG001
    """By the normalised Gini."""
    gini = scores["gini"]
    return gini >= LEAST_GINI, f"ranked by it, customers come {percent(gini)} of the way from chance to the true order"


def columns(answer: Floats, question: Question) -> dict[str, Floats]:  # noqa: ARG001
    """``expected``, ``low``, ``high``."""
    return dict(zip(("expected", "low", "high"), answer.T, strict=True))


def as_json(columns: Mapping[str, Floats], question: Question, as_of: float) -> dict[str, Any]:  # noqa: ARG001
    """The three amounts; ``low`` and ``high`` are null without a calibration."""
    found = {name: _nullable(columns[name]) for name in ("expected", "low", "high")}
    return {**found, "unit": question.unit, "horizon_days": question.horizon_days}


def _nullable(values: Floats) -> list[float | None]:
    return [None if null else value for value, null in zip(values.tolist(), np.isnan(values).tolist(), strict=True)]


def not_asked(question: Question, reason: str) -> dict[str, Any]:
    """No amounts, and why."""
    nothing = dict.fromkeys(("expected", "low", "high"))
    return {**nothing, "unit": question.unit, "horizon_days": question.horizon_days, "reason": reason}


def charts(question: Question, happens: str, contestants: Sequence[Forecasts]) -> list[Chart]:
    """Expected against observed amounts and coverage, by tenths of customers; gains over the customers."""
    ours = contestants[0]
    y, found = np.concatenate(ours.outcomes), np.concatenate(ours.answers)
    # Without a calibration there is no interval to show.
    interval = () if np.isnan(found[:, 1]).any() else (interval_panel(ours.label, y, found),)
    return [
        Chart(
            "calibration", "Expected against observed", (level_panel(ours.label, y, found[:, 0], question), *interval)
        ),
        Chart("gains", "Gains", (gains_panel(question, happens, contestants),)),
    ]


def level_panel(label: str, y: Floats, expected: Floats, question: Question) -> Panel:
    """Mean expected against mean observed amounts in ten equally large groups, with intervals of 95 %."""
    groups, unit = equal_groups(expected), f" {question.unit}" if question.unit else ""
    means, observed = (np.array([each[group].mean() for group in groups]) for each in (expected, y))
    error = np.array([1.96 * y[group].std() / np.sqrt(len(group)) for group in groups])
    top = 1.05 * max(means.max(), (observed + error).max())
    diagonal = Series("expected = observed", np.array([0.0, top]), np.array([0.0, top]), "reference")
    tenths = Series(tenths_of(label), means, observed, "points", observed - error, observed + error)
    says = f"Expected {number(expected.mean())}{unit} on average, observed {number(y.mean())}{unit}"
    says += f"; in the tenth with the highest expectations {number(means[-1])} and {number(observed[-1])}."
    what = f"{_outcome(question)} within {question.horizon_days:g} days{unit and ','}{unit}"
    return Panel("Level", f"expected {what}", f"observed mean {what}", (diagonal, tenths), says=says)


def _outcome(question: Question) -> str:
    return question.outcome.replace("_", " ")


def interval_panel(label: str, y: Floats, answer: Floats) -> Panel:
    """Share of outcomes inside the interval, in ten groups by expectation."""
    groups, covered = equal_groups(answer[:, 0]), _covered(y, answer)
    inside = np.array([covered[group].mean() for group in groups])
    x = np.arange(1.0, len(groups) + 1.0)
    wanted = Series("meant: four in five", x, np.full(len(x), amounts.COVERAGE), "reference")
    says = f"{percent(mean(covered))} of outcomes lie inside their interval, {percent(amounts.COVERAGE)} are meant to."
    lines = (wanted, Series(tenths_of(label), x, inside, "ours"))
    x_label, y_label = "tenths of customers, least expected first", "share of outcomes inside the interval"
    return Panel("Interval", x_label, y_label, lines, y_share=True, y_whole=True, says=says)


def gains_panel(question: Question, happens: str, contestants: Sequence[Forecasts]) -> Panel:
    """Share of the total brought by the customers with the highest expectations, averaged over cutoffs."""
    curves = []
    for each in contestants:
        found = [concentration(y, a[:, 0]) for y, a in zip(each.outcomes, each.answers, strict=True)]
        share = np.mean([curve for _, curve in found], axis=0)
        curves.append(Series(each.label, found[0][0], share, "ours" if each.ours else "other"))
    x, y = "share of customers, highest expectation first", f"share of the total {_outcome(question)}"
    fifth = float(np.interp(0.2, curves[0].x, curves[0].y))
    says = f"The fifth with the highest expectations brings {percent(fifth)} of the total ({happens})."
    return Panel("", x, y, tuple(curves), x_share=True, y_share=True, says=says)
