"""What segments are worth later: do they explain what customers do in the next period, and who changed segment idly?

Everything is told from the same customers at two or more dates, with features of each date, so no label is needed:
what was spent in a period is the difference of what had been spent at its ends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.identity import jaccards
from models.segments.names import OFTEN, RECENCY, SPEND
from models.segments.segmenter import Segmenter, assign_labels, fit_clusters, prepare_like

NAN = float("nan")
ORDERS = "purchase_orders_n"
LINES, UNITS = "basket_lines_mean", "basket_units_mean"
SHARES = {
    "discounted": ("sensitivity_discount_order_share", ORDERS),
    "evening": ("cadence_evening_share", ORDERS),
    "weekend": ("cadence_weekend_share", OFTEN),
}
"""Kinds of orders: the column that is their share until a date, and what it is a share of."""
COLUMNS = tuple(dict.fromkeys((RECENCY, SPEND, ORDERS, OFTEN, LINES, UNITS, *(each for each, _ in SHARES.values()))))
RATE = ("spend", "buys")
KIND = ("order_value", "order_lines", "unit_price", *SHARES)
"""Outcomes: who buys and for how much; and, of who buys, what is in the orders."""
FEWEST = 100
"""Customers below which an explained variance is not worth its name."""
SHUFFLES = 19
SCORES = (
    "use_r2",
    "use_spend_r2",
    "use_log_spend_r2",
    "use_churn_r2",
    "use_order_r2",
    "use_order_chance",
    "jaccard_later",
    "jaccard_later_mean",
    "idle_movers",
)


@dataclass(frozen=True)
class Period:
    """The same customers, row by row, at the ``start`` and the ``end`` of a period of so many ``days``."""

    start: pd.DataFrame
    end: pd.DataFrame
    days: float


def outcomes(period: Period) -> dict[str, Floats]:
    """What each customer did in the period, as far as columns tell: see ``RATE`` and ``KIND``; amounts are logarithms.

    What is in the orders is nan for who bought nothing.
    """
    start, end = period.start, period.end
    if not {SPEND, ORDERS} <= set(start.columns):
        return {}
    spent, orders = _more(start, end, SPEND), _more(start, end, ORDERS)
    found: dict[str, Floats] = {"spend": np.log1p(np.maximum(spent, 0.0)), "buys": (orders > 0).astype(np.float64)}
    found["order_value"] = _log_ratio(spent, orders)
    if LINES in start.columns:
        found["order_lines"] = _log_ratio(_more(start, end, LINES, ORDERS), orders)
    if UNITS in start.columns:
        found["unit_price"] = _log_ratio(spent, _more(start, end, UNITS, ORDERS))
    for name, (share, of) in SHARES.items():
        if {share, of} <= set(start.columns):
            found[name] = _ratio(_more(start, end, share, of), _more(start, end, of))
    return found


def _more(start: pd.DataFrame, end: pd.DataFrame, name: str, times: str = "") -> Floats:
    """By how much a total grew; with ``times``, a mean or share is made a total first."""
    totals = [
        each[name].to_numpy(np.float64) * (each[times].to_numpy(np.float64) if times else 1.0) for each in (start, end)
    ]
    return np.asarray(totals[1] - totals[0], dtype=np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """nan where the whole is not above 0."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), NAN), where=whole > 0), dtype=np.float64)


def _log_ratio(part: Floats, whole: Floats) -> Floats:
    """nan where either is not above 0."""
    ratio = np.where(part > 0, _ratio(part, whole), NAN)
    return np.asarray(np.log(ratio, out=np.full(len(part), NAN), where=ratio > 0), dtype=np.float64)


def use_scores(periods: Sequence[Period], model: Segmenter, memory: Path | None = None) -> dict[str, float]:
    """What the segments of ``model`` are worth; ``periods`` end at its date, the oldest first. nan where not known.

    ``use_spend_r2``, ``use_log_spend_r2`` and ``use_churn_r2``: variance of the last period's spend (raw and log(1+x))
    and of buying in it that is explained by the segments' means of the period before. ``use_order_r2``: the same of
    what is in the orders of those who buy, mean over ``KIND``; ``use_order_chance``: the most that segments reach whose
    customers are shuffled. ``use_r2``: the mean of both sides, rate (the
    first three) and kind. The same clustering was then made at the
    start of the earlier period, so nothing of the later one is known; below 0 the means are worse than one number for
    all. ``jaccard_later``: Jaccard of the least similar segment between that clustering and ``model``, both of today's
    customers (of one period alone, the clustering made at its start); ``jaccard_later_mean``: that of all.
    ``idle_movers``: share of the customers who bought nothing in the last period that is in another segment after it.
    """
    found = dict.fromkeys(SCORES, NAN)
    if not periods or len(periods[-1].start) < FEWEST:
        return found
    found["idle_movers"] = idle_movers(periods[-1], model)
    learned = periods[-2] if len(periods) > 1 and len(periods[-2].start) >= FEWEST else None
    then = _refit((learned or periods[-1]).start, model, memory)
    if then is not None:
        found |= jaccard_later(then, model, periods[-1].end)
        found |= explained(then, learned, periods[-1]) if learned else {}
    return found


def explained(then: Segmenter, learned: Period, tested: Period) -> dict[str, float]:
    """The explained variances of :func:`use_scores`, of a clustering made at the start of the period ``learned``."""
    known, later = outcomes(learned), outcomes(tested)
    if not known:
        return {}
    before, after = assign_labels(then, learned.start)[0], assign_labels(then, tested.start)[0]

    def of(name: str, labels: Labels = after) -> float:
        return explained_variance(before, known[name], labels, later[name])

    spend = explained_variance(
        before, _more(learned.start, learned.end, SPEND), after, _more(tested.start, tested.end, SPEND)
    )
    kind, chance = _kind(of, [name for name in KIND if name in known], after, later, then.seed)
    rate = (of("spend"), of("buys"))
    return {
        "use_spend_r2": spend,
        "use_log_spend_r2": rate[0],
        "use_churn_r2": rate[1],
        "use_order_r2": kind,
        "use_order_chance": chance,
        "use_r2": _mean([_mean((spend, *rate)), kind]),
    }


def _kind(
    of: Callable[[str, Labels], float], names: Sequence[str], label: Labels, later: Mapping[str, Floats], seed: int
) -> tuple[float, float]:
    """``use_order_r2`` and ``use_order_chance``; nan if too few customers bought."""
    bought = ~np.isnan(later["order_value"])
    if bought.sum() < FEWEST:
        return NAN, NAN
    random = np.random.default_rng(seed)
    shuffled = []
    for _ in range(SHUFFLES):
        # Among those who bought, so that buying itself explains nothing.
        other = label.copy()
        other[bought] = random.permutation(label[bought])
        shuffled.append(_mean([of(name, other) for name in names]))
    return _mean([of(name, label) for name in names]), max(shuffled)


def _mean(values: Sequence[float]) -> float:
    """Of those that are known; nan if none is."""
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else NAN


def explained_variance(before: Labels, learned: Floats, after: Labels, tested: Floats) -> float:
    """1 - (squared error of the labels' learned means) / (squared deviation from the tested mean).

    Customers without an outcome (nan) are left out. A label that nobody had is answered by the mean of all. nan if
    nothing varies or nobody has an outcome.

    >>> one, two = np.array([0, 0, 1, 1]), np.array([0, 1])
    >>> explained_variance(one, np.array([1.0, 3.0, 8.0, 8.0]), two, np.array([2.0, 10.0]))
    0.875
    """
    one, other = ~np.isnan(learned), ~np.isnan(tested)
    before, learned, after, tested = before[one], learned[one], after[other], tested[other]
    if not len(learned) or not len(tested):
        return NAN
    values, group = np.unique(before, return_inverse=True)
    means = np.bincount(group, weights=learned) / np.bincount(group)
    place = np.minimum(np.searchsorted(values, after), len(values) - 1)
    expected = np.where(values[place] == after, means[place], learned.mean())
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


def jaccard_later(then: Segmenter, model: Segmenter, today: pd.DataFrame) -> dict[str, float]:
    """Jaccard of each segment with its best match in the clustering ``then``, both of ``today``'s customers: the
    smallest and the mean; none if there is nothing to compare."""
    one, other = assign_labels(model, today)[0], assign_labels(then, today)[0]
    now, before = ([int(v) for v in np.unique(each) if v != NOISE] for each in (one, other))
    if not now or not before:
        return {}
    found = jaccards(one, other, now, before).max(axis=1)
    return {"jaccard_later": float(found.min()), "jaccard_later_mean": float(found.mean())}


def _refit(X: pd.DataFrame, model: Segmenter, memory: Path | None) -> Segmenter | None:
    """The same clustering of other customers; None if there are too few different ones."""
    try:
        customers = prepare_like(X, model.preprocessing)
        return fit_clusters(customers, model.clusterer, model.params, model.seed, memory)
    except BadInput:
        return None
