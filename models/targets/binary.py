"""Does it happen within the horizon? A probability, corrected if a correction proved itself out of time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from features.errors import BadInput
from models import calibration as corrections
from models import losses
from models.charts import Chart, Forecasts, Panel, Series, Style, concentration, equal_groups, percent, tenths_of
from models.question import Question
from models.sample import Floats
from models.scores import calibration_slope, lift, mean, roc_auc, wilson
from models.targets import Calibration

LOSS = "log_loss"
LOSS_WORDS = "log-loss"

FEWEST_EACH = 30
"""Rows of each class that a fit or a calibration needs."""

LEAST_AUC = 0.6


class Answer(BaseModel):
    """A calibrated probability over the horizon; null with a reason where the question does not apply."""

    probability: float | None
    horizon_days: float
    reason: str | None = None


def headline(question: Question) -> tuple[str, ...]:  # noqa: ARG001 - the same for every question
    """Loss, discrimination, calibration."""
    return ("log_loss", "roc_auc", "average_precision", "lift_10", "calibration_slope")


def lines(question: Question) -> dict[str, str]:  # noqa: ARG001
    """AUC and loss."""
    return {"roc_auc": "ROC AUC, higher is better", "log_loss": "log-loss, lower is better"}


def check_horizons(horizons: Sequence[float]) -> None:
    """One horizon."""
    if len(horizons) != 1:
        raise BadInput(f"horizon_days names {len(horizons)} horizons, a probability has one: give one number of days")


def labels(label: Floats, question: Question) -> Floats:
    """0.0 or 1.0 a row."""
    if not np.isin(label, (0.0, 1.0)).all():
        raise BadInput(f"labels of {question.task} contain values other than 0 and 1: label each row 0.0 or 1.0")
    return label


def enough(y: Floats, question: Question) -> bool:
    """At least ``FEWEST_EACH`` rows of each class."""
    return rarer_outcome(y, question) >= FEWEST_EACH


def rarer_outcome(y: Floats, question: Question) -> int:  # noqa: ARG001
    """Rows of the rarer class."""
    ones = int(y.sum())
    return min(ones, len(y) - ones)


def calibrate(raw: Floats, y: Floats, as_of: Floats, question: Question) -> Calibration:
    """The correction that proved itself out of time, or none."""
    return corrections.proven(raw, y, as_of, question.horizon_days, lambda known: enough(known, question))


def calibration_method(calibration: Calibration) -> str:
    """Its method."""
    return str(calibration.get("method", "sigmoid"))


def answer(raw: Floats, calibration: Calibration | None, question: Question) -> Floats:  # noqa: ARG001
    """P(y = 1), (n, 1)."""
    return corrections.apply(calibration, raw)[:, None]


def loss(y: Floats, answer: Floats, question: Question) -> Floats:  # noqa: ARG001
    """Log-loss per row."""
    return losses.log_loss(y, answer[:, 0])


def scores(y: Floats, answer: Floats, question: Question) -> dict[str, float]:  # noqa: ARG001
    """Discrimination, loss, lift and calibration; ``base_rate`` and ``mean_prediction`` beside them."""
    # Only for scores: the import takes a second, and serving does without.
    from sklearn.metrics import average_precision_score, brier_score_loss

    p = answer[:, 0]
    return {
        "roc_auc": roc_auc(y, p),
        "average_precision": float(average_precision_score(y, p)) if y.any() else float("nan"),
        "log_loss": mean(losses.log_loss(y, p)),
        "brier": float(brier_score_loss(y, p)) if len(y) else float("nan"),
        "lift_10": lift(y, p),
        "calibration_slope": calibration_slope(y, p),
        "base_rate": mean(y),
        "mean_prediction": mean(p),
    }


def levels(y: Floats, answer: Floats, question: Question) -> dict[str, tuple[Floats, Floats]]:  # noqa: ARG001
    """Outcomes and probabilities."""
    return {"": (y, answer[:, 0])}


def event(y: Floats, question: Question) -> Floats:  # noqa: ARG001
    """The label."""
    return y


def useful(scores: Mapping[str, float], question: Question) -> tuple[bool, str]:  # noqa: ARG001
    """By the AUC; the lift says how much."""
    return discriminates(scores["roc_auc"]), (
        f"{discrimination_words(scores['roc_auc'])}; in the tenth with the highest probabilities it happens "
        f"{scores['lift_10']:.1f} times as often as on average"
    )


def discriminates(auc: float) -> bool:
    """Whether an AUC is worth acting on; one of .54 may be proven and is still of no use."""
    return auc >= LEAST_AUC


def discrimination_words(auc: float) -> str:
    """What an AUC means.

    >>> discrimination_words(0.723)
    'of two customers, one of whom it happens to, it names the right one in 72% of cases'
    """
    return f"of two customers, one of whom it happens to, it names the right one in {percent(auc)} of cases"


def columns(answer: Floats, question: Question) -> dict[str, Floats]:  # noqa: ARG001
    """``probability``."""
    return {"probability": answer[:, 0]}


def as_json(columns: Mapping[str, Floats], question: Question, as_of: float) -> dict[str, Any]:  # noqa: ARG001
    """The probability and its horizon."""
    return {"probability": columns["probability"], "horizon_days": question.horizon_days}


def not_asked(question: Question, reason: str) -> dict[str, Any]:
    """No probability, and why."""
    return {"probability": None, "horizon_days": question.horizon_days, "reason": reason}


def charts(question: Question, happens: str, contestants: Sequence[Forecasts]) -> list[Chart]:  # noqa: ARG001
    """Calibration of the model; gains and lift of every contestant."""
    ours = contestants[0]
    y, p = np.concatenate(ours.outcomes), np.concatenate(ours.answers)[:, 0]
    slope = mean(np.array([calibration_slope(*pair) for pair in pairs(ours)]))
    panel = reliability_panel(ours.label, y, p, slope, f"predicted probability: {happens}")
    return [
        Chart("calibration", "Calibration", (panel,)),
        Chart("gains_and_lift", "Gains and lift", tuple(gains_panels(happens, contestants))),
    ]


def pairs(forecasts: Forecasts) -> list[tuple[Floats, Floats]]:
    """Outcomes and probabilities at each cutoff."""
    return [(y, a[:, 0]) for y, a in zip(forecasts.outcomes, forecasts.answers, strict=True)]


def reliability_panel(label: str, y: Floats, p: Floats, slope: float, x_label: str, title: str = "") -> Panel:
    """Predicted against observed shares in ten equally large groups, with Wilson intervals of 95 %."""
    groups = equal_groups(p)
    predicted = np.array([p[group].mean() for group in groups])
    observed = np.array([y[group].mean() for group in groups])
    low, high = wilson(observed, np.array([len(group) for group in groups], dtype=np.float64))
    top = min(1.0, max(high.max(), predicted.max()) * 1.05)
    perfect = Series("predicted = observed", np.array([0.0, top]), np.array([0.0, top]), "reference")
    counts, edges = np.histogram(p, bins=40, range=(0.0, top))
    spread = Series("how many customers", edges[:-1], counts / max(counts.max(), 1) * 0.16 * top, "background")
    tenths = Series(tenths_of(label), predicted, observed, "points", low, high)
    says, y_label = calibration_words(mean(p), mean(y), slope), "observed share, with its 95% interval"
    return Panel(title, x_label, y_label, (spread, perfect, tenths), x_share=True, y_share=True, says=says)


def calibration_words(predicted: float, observed: float, slope: float) -> str:
    """Level and slope in one sentence; a slope that is not defined is left out.

    >>> calibration_words(0.31, 0.29, 0.8)
    'Predicted 31% on average, observed 29% (too high); slope 0.80 (1 is right): probabilities lie too far apart.'
    """
    off = predicted - observed
    judged = "" if abs(off) <= max(0.01, 0.05 * observed) else " (too high)" if off > 0.0 else " (too low)"
    level = f"Predicted {percent(predicted)} on average, observed {percent(observed)}{judged}"
    if slope != slope:
        return f"{level}."
    apart = "too far apart" if slope < 0.9 else "too close together" if slope > 1.1 else "as far apart as outcomes"
    return f"{level}; slope {slope:.2f} (1 is right): probabilities lie {apart}."


def gains_panels(happens: str, contestants: Sequence[Forecasts]) -> list[Panel]:
    """Share of all events among the customers with the highest scores, and their lift, averaged over cutoffs."""
    gains, lifts = [], []
    for each in contestants:
        curves = [concentration(y, p) for y, p in pairs(each)]
        share, found = curves[0][0], np.mean([curve for _, curve in curves], axis=0)
        style: Style = "ours" if each.ours else "other"
        inside = share >= 0.02
        gains.append(Series(each.label, share, found, style))
        lifts.append(Series(each.label, share[inside], found[inside] / share[inside], style))
    x = "share of customers, highest scores first"
    fifth, tenth = (float(np.interp(share, gains[0].x, gains[0].y)) for share in (0.2, 0.1))
    held = f"Among the fifth with the highest scores are {percent(fifth)} of all of whom it is true: {happens}."
    times = f"Among the tenth with the highest scores it is true {tenth / 0.1:.1f} times as often as among all."
    return [
        Panel("Gains", x, "share found of all of whom it is true", tuple(gains), x_share=True, y_share=True, says=held),
        Panel("Lift", x, "lift: times as often as among all", tuple(lifts), x_share=True, says=times),
    ]
