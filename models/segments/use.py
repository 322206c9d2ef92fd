"""What segments are worth later: do they explain what customers do in the next period, and who changed segment idly?

Everything is told from the same customers at two or more dates, with features of each date, so no label is needed:
what was spent in a period is the difference of what had been spent at its ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.identity import jaccards
from models.segments.names import RECENCY, SPEND
from models.segments.segmenter import Segmenter, assign_labels, fit_clusters, prepare

NAN = float("nan")
ORDERS = "purchase_orders_n"
COLUMNS = (RECENCY, SPEND, ORDERS)
FEWEST = 100
"""Customers below which an explained variance is not worth its name."""


@dataclass(frozen=True)
class Period:
    """The same customers, row by row, at the ``start`` and the ``end`` of a period of so many ``days``."""

    start: pd.DataFrame
    end: pd.DataFrame
    days: float


def use_scores(periods: Sequence[Period], model: Segmenter, memory: Path | None = None) -> dict[str, float]:
    """What the segments of ``model`` are worth; ``periods`` end at its date, the oldest first. nan where not known.

    ``use_spend_r2``, ``use_log_spend_r2`` and ``use_churn_r2``: variance of the last period's spend (raw and log(1+x))
    and of not buying in it that is explained by the segments' means of the period before. The same clustering was then
    made at the start of the earlier period, so nothing of the later one is known; below 0 the means are worse than one
    number for all. ``jaccard_later``: Jaccard of the least similar segment between a clustering one period before and
    ``model``, both of today's customers. ``idle_movers``: share of the customers who bought nothing in the last period
    that is in another segment after it.
    """
    found = dict.fromkeys(("use_spend_r2", "use_log_spend_r2", "use_churn_r2", "jaccard_later", "idle_movers"), NAN)
    if not periods or len(periods[-1].start) < FEWEST:
        return found
    found |= {
        "idle_movers": idle_movers(periods[-1], model),
        "jaccard_later": jaccard_later(periods[-1], model, memory),
    }
    if len(periods) > 1 and len(periods[-2].start) >= FEWEST and {SPEND, ORDERS} <= set(periods[0].start.columns):
        found |= explained(periods[-2], periods[-1], model, memory)
    return found


def explained(learned: Period, tested: Period, model: Segmenter, memory: Path | None) -> dict[str, float]:
    """The three explained variances of :func:`use_scores`; nan if the customers could not be clustered then."""
    then = _refit(learned.start, model, memory)
    if then is None:
        return {}
    before, after = assign_labels(then, learned.start)[0], assign_labels(then, tested.start)[0]
    spent = [period.end[SPEND].to_numpy() - period.start[SPEND].to_numpy() for period in (learned, tested)]
    stayed = [
        (period.end[ORDERS].to_numpy() > period.start[ORDERS].to_numpy()).astype(float) for period in (learned, tested)
    ]
    logs = [np.log1p(np.maximum(each, 0.0)) for each in spent]
    outcomes = {"use_spend_r2": spent, "use_log_spend_r2": logs, "use_churn_r2": stayed}
    return {name: explained_variance(before, first, after, second) for name, (first, second) in outcomes.items()}


def explained_variance(before: Labels, learned: Floats, after: Labels, tested: Floats) -> float:
    """1 - (squared error of the labels' learned means) / (squared deviation from the tested mean).

    A label that nobody had is answered by the mean of all. nan if nothing varies.

    >>> one, two = np.array([0, 0, 1, 1]), np.array([0, 1])
    >>> explained_variance(one, np.array([1.0, 3.0, 8.0, 8.0]), two, np.array([2.0, 10.0]))
    0.875
    """
    means = {value: float(learned[before == value].mean()) for value in np.unique(before).tolist()}
    expected = np.array([means.get(value, float(learned.mean())) for value in after.tolist()])
    total = float(((tested - tested.mean()) ** 2).sum())
    return 1.0 - float(((tested - expected) ** 2).sum()) / total if total > 0 else NAN


def idle_movers(period: Period, model: Segmenter) -> float:
    """Of the customers who bought nothing in the period, the share in another segment at its end; nan if none."""
    if RECENCY not in period.end.columns:
        return NAN
    idle = period.end[RECENCY].to_numpy() >= period.days
    if not idle.any():
        return NAN
    moved = assign_labels(model, period.start[idle])[0] != assign_labels(model, period.end[idle])[0]
    return float(moved.mean())


def jaccard_later(period: Period, model: Segmenter, memory: Path | None) -> float:
    """The smallest Jaccard of a segment with its best match in the same clustering one period before."""
    then = _refit(period.start, model, memory)
    if then is None:
        return NAN
    one, other = assign_labels(model, period.end)[0], assign_labels(then, period.end)[0]
    now, before = ([int(v) for v in np.unique(each) if v != NOISE] for each in (one, other))
    return float(jaccards(one, other, now, before).max(axis=1).min()) if now and before else NAN


def _refit(X: pd.DataFrame, model: Segmenter, memory: Path | None) -> Segmenter | None:
    """The same clustering of other customers; None if there are too few different ones."""
    try:
        customers = prepare(X, model.preprocessing.features)
        return fit_clusters(customers, model.clusterer, model.params, model.seed, memory)
    except BadInput:
        return None
