"""When does it happen? Probabilities within several horizons, never decreasing, and the expected date.

``y`` is (n, 2): days from the cutoff to the event (infinite if it was not seen), and days the customer was observed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from features.errors import BadInput
from features.windows import MICROSECONDS_A_DAY
from models import calibration as corrections
from models import losses
from models.charts import Chart, Forecasts, Panel, Series, percent
from models.curves import days_until, happened
from models.question import Question
from models.sample import Floats, Mask
from models.scores import calibration_slope, concordance, mean, roc_auc
from models.targets import Calibration
from models.targets.binary import FEWEST_EACH, discriminates, discrimination_words, reliability_panel

LOSS = "integrated_brier"
LOSS_WORDS = "integrated Brier score"
QUANTILES = {"expected_days": 0.5, "earliest_days": 0.1, "latest_days": 0.9}
"""Quantiles of the days to the event: the median, and the ends of an interval that contains four events in five."""


class Answer(BaseModel):
    """Probability by days; the median date and the ends of its 80 % interval (UTC), null beyond the horizon."""

    within: dict[str, float] | None
    expected_at: str | None
    earliest_at: str | None
    latest_at: str | None
    horizon_days: float
    reason: str | None = None


def headline(question: Question) -> tuple[str, ...]:
    """Loss, order, and discrimination at each horizon."""
    return (LOSS, "concordance", *(f"roc_auc_{days:g}" for days in question.horizons))


def lines(question: Question) -> dict[str, str]:
    """Discrimination at the longest horizon, and loss."""
    longest = question.horizon_days
    return {
        f"roc_auc_{longest:g}": f"ROC AUC at {longest:g} days, higher is better",
        LOSS: "integrated Brier score, lower is better",
    }


def check_horizons(horizons: Sequence[float]) -> None:
    """One or more, ascending."""
    if not horizons or list(horizons) != sorted(set(horizons)):
        raise BadInput(f"horizon_days is {list(horizons)}: give days in ascending order, each once, like [7, 30, 90]")


def labels(label: Floats, question: Question) -> Floats:
    """(n, 2) days to the event, days observed; a dataset observes all rows for the longest horizon."""
    if not ((label >= 0.0) & ((label < question.horizon_days) | np.isinf(label))).all():
        raise BadInput(
            f"labels of {question.task} contain days outside [0, {question.horizon_days:g}): "
            "label each row with the days to the event, infinity if it does not come"
        )
    return np.column_stack([label, np.full(len(label), question.horizon_days)])


def known_at(as_of: Floats, y: Floats, cutoff: float, question: Question) -> tuple[Mask, Floats]:
    """Rows observed for at least the shortest horizon at ``cutoff``; events from the cutoff on are not known yet."""
    rows = as_of + question.horizons[0] <= cutoff
    observed = np.minimum(y[rows, 1], cutoff - as_of[rows])
    event = np.where(y[rows, 0] < observed, y[rows, 0], np.inf)
    return rows, np.column_stack([event, observed])


def complete(y: Floats, question: Question) -> Mask:
    """Rows observed for the longest horizon."""
    return y[:, 1] >= question.horizon_days


def enough(y: Floats, question: Question) -> bool:
    """At least one horizon with ``FEWEST_EACH`` events and as many rows without."""
    return rarer_outcome(y, question) >= FEWEST_EACH


def rarer_outcome(y: Floats, question: Question) -> int:
    """Rows with an event, or without one, at the horizon that has most of the rarer of them."""
    return max(_rarer(column) for column in happened(y, question.horizons).T)


def _rarer(column: Floats) -> int:
    return min(int((column == 1.0).sum()), int((column == 0.0).sum()))


def calibrate(raw: Floats, y: Floats, as_of: Floats, question: Question) -> Calibration:
    """For each horizon the correction that proved itself out of time, or none."""
    seen = happened(y, question.horizons)
    each = [_correction(raw[:, k], seen[:, k], as_of, days) for k, days in enumerate(question.horizons)]
    return {"corrections": each}


def _correction(p: Floats, seen: Floats, as_of: Floats, days: float) -> corrections.Correction:
    known = ~np.isnan(seen)
    return corrections.proven(p[known], seen[known], as_of[known], days, lambda y: _rarer(y) >= FEWEST_EACH)


def _each(calibration: Calibration) -> list[corrections.Correction | None]:
    """The correction of each horizon; artifacts of 0.8 and before call them sigmoids."""
    found: list[corrections.Correction | None] = calibration[
        "corrections" if "corrections" in calibration else "sigmoids"
    ]
    return found


def calibration_method(calibration: Calibration) -> str:
    """The method at each horizon."""
    return ", ".join(str((each or {"method": "none"}).get("method", "sigmoid")) for each in _each(calibration))


def answer(raw: Floats, calibration: Calibration | None, question: Question) -> Floats:
    """(n, k) chances at the horizons, each at least the one before."""
    if calibration is None:
        return raw
    each = [corrections.apply(_each(calibration)[k], raw[:, k]) for k in range(len(question.horizons))]
    return np.asarray(np.maximum.accumulate(np.column_stack(each), axis=1), dtype=np.float64)


def loss(y: Floats, answer: Floats, question: Question) -> Floats:
    """Brier score per row, averaged over the days to the longest horizon; nan for rows observed for no horizon."""
    return losses.integrated_brier(happened(y, question.horizons), answer, question.horizons)


def scores(y: Floats, answer: Floats, question: Question) -> dict[str, float]:
    """Loss and concordance; at each horizon AUC, log-loss, calibration slope, mean error and base rate."""
    each = loss(y, answer, question)
    found = {LOSS: mean(each[~np.isnan(each)]), "concordance": concordance(y[:, 0], answer[:, -1])}
    for k, days in enumerate(question.horizons):
        seen = happened(y, question.horizons)[:, k]
        known = ~np.isnan(seen)
        at_horizon = _scores_at(seen[known], answer[known, k])
        found |= {f"{name}_{days:g}": value for name, value in at_horizon.items()}
    return found


def _scores_at(seen: Floats, p: Floats) -> dict[str, float]:
    """Scores at one horizon, of the rows that were observed for it."""
    return {
        "roc_auc": roc_auc(seen, p),
        "log_loss": mean(losses.log_loss(seen, p)),
        "slope": calibration_slope(seen, p),
        "mean_error": mean(p - seen),
        "base_rate": mean(seen),
    }


def levels(y: Floats, answer: Floats, question: Question) -> dict[str, tuple[Floats, Floats]]:
    """Outcomes and probabilities at each horizon, of the rows that were observed for it."""
    seen = happened(y, question.horizons)
    known = ~np.isnan(seen)
    return {f"{days:g}": (seen[known[:, k], k], answer[known[:, k], k]) for k, days in enumerate(question.horizons)}


def event(y: Floats, question: Question) -> Floats:
    """Whether it came within the longest horizon."""
    return np.asarray(happened(y, question.horizons)[:, -1], dtype=np.float64)


def useful(scores: Mapping[str, float], question: Question) -> tuple[bool, str]:
    """By the best AUC of the horizons at which it is defined."""
    known = [(auc, days) for days in question.horizons if (auc := scores[f"roc_auc_{days:g}"]) == auc]
    auc, days = max(known, default=(float("nan"), question.horizon_days))
    return discriminates(auc), f"{discrimination_words(auc)} ({days:g} days)"


def columns(answer: Floats, question: Question) -> dict[str, Floats]:
    """``within_<days>`` per horizon; days to the median and the ends of its 80 % interval, nan beyond the horizon."""
    within = {f"within_{days:g}": answer[:, k] for k, days in enumerate(question.horizons)}
    return within | {name: days_until(answer, question.horizons, chance) for name, chance in QUANTILES.items()}


def as_json(columns: Mapping[str, Floats], question: Question, as_of: float) -> dict[str, Any]:
    """Probabilities by days, and dates."""
    dates = {name.replace("_days", "_at"): _dates(as_of + columns[name]) for name in QUANTILES}
    within = {f"{days:g}": columns[f"within_{days:g}"] for days in question.horizons}
    return {"within": within, **dates, "horizon_days": question.horizon_days}


def _dates(moments: Floats) -> list[str | None]:
    """ISO dates of moments in days since 1970-01-01 UTC, to the nearest microsecond; None for nan."""
    known = ~np.isnan(moments)
    days = np.rint(moments[known] * MICROSECONDS_A_DAY).astype(np.int64) // MICROSECONDS_A_DAY
    dates = np.full(len(moments), None, dtype=object)
    dates[known] = np.datetime_as_string(days.astype("datetime64[D]"))
    found: list[str | None] = dates.tolist()
    return found


def not_asked(question: Question, reason: str) -> dict[str, Any]:
    """No probabilities or dates, and why."""
    nothing = dict.fromkeys(("within", *(name.replace("_days", "_at") for name in QUANTILES)))
    return {**nothing, "horizon_days": question.horizon_days, "reason": reason}


def charts(question: Question, happens: str, contestants: Sequence[Forecasts]) -> list[Chart]:
    """Calibration at each horizon; each contestant's mean curve beside the observed shares."""
    ours = contestants[0]
    panels = tuple(_calibration_panel(ours, question, k) for k in range(len(question.horizons)))
    return [
        Chart("calibration", "Calibration", panels),
        Chart("curve", "By how many days", (_curve_panel(contestants, question, happens),)),
    ]


def _calibration_panel(ours: Forecasts, question: Question, k: int) -> Panel:
    """Calibration at the k-th horizon; its slope is the mean over cutoffs, as the score's is."""
    seen = [happened(y, question.horizons)[:, k] for y in ours.outcomes]
    p = [answers[:, k] for answers in ours.answers]
    slope = mean(np.array([calibration_slope(*pair) for pair in zip(seen, p, strict=True)]))
    title = f"Within {question.horizons[k]:g} days"
    return reliability_panel(ours.label, np.concatenate(seen), np.concatenate(p), slope, "predicted probability", title)


def _curve_panel(contestants: Sequence[Forecasts], question: Question, happens: str) -> Panel:
    """Mean predicted and observed shares of customers by the days since the cutoff."""
    days = np.append(0.0, question.horizons)
    seen = happened(np.concatenate(contestants[0].outcomes), question.horizons).mean(axis=0)
    means = [np.concatenate(each.answers).mean(axis=0) for each in contestants]
    lines = tuple(
        Series(each.label, days, np.append(0.0, found), "ours" if each.ours else "other")
        for each, found in zip(contestants, means, strict=True)
    )
    observed = Series("observed", days, np.append(0.0, seen), "reference")
    pairs = zip(question.horizons, means[0], seen, strict=True)
    says = "; ".join(f"{h:g} days: {percent(p)} predicted, {percent(y)} observed" for h, p, y in pairs)
    y_label = f"share of customers: {happens}"
    return Panel("", "days from the cutoff", y_label, (observed, *lines), y_share=True, says=f"{says}.")
