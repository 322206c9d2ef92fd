"""Which columns customers are clustered by: relevant to what they do next, and not one thing said twice.

A column is relevant to *rate* if it explains who buys in the next period and for how much, and to *kind* if it explains
what is in the orders: their value and lines, the price of a unit, discounts, hours. Clocks, which move customers who do
nothing, are left out. Columns are taken by relevance, the most relevant first, and passed over where one that is taken
says nearly the same (minimum redundancy, maximum relevance: Peng, Long and Ding 2005).

``USUAL`` are columns that an analyst would begin with; trials hold them against what the shop's own history ranks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models.params import Trial
from models.segments import preprocessing
from models.segments.clusterers import Floats
from models.segments.names import RECENCY
from models.segments.use import KIND, RATE, Period, outcomes

USUAL = (
    "purchase_day_rate",
    "purchase_spend_365d",
    "purchase_order_value_mean",
    "basket_unit_price_mean",
    "basket_lines_mean",
    "basket_product_repeat_share",
    "basket_return_share",
    "basket_discount_share",
)
"""How often, how much, how much at a time, how dear, how mixed, the same again, returned, at a discount."""
DEFAULTS: dict[str, Any] = {
    "variables_n": 0,
    "variables_apart": 0.9,
    "variables_toward": 0.5,
    "variables_weighted": True,
}
"""How many columns, at most, or 0 for ``USUAL``; the largest rank correlation between two, absolute; 0 toward rate to 1
toward kind; and whether a more relevant column counts more in a distance."""
FEWEST = 2
LARGEST_DRIFT = 0.25
"""Mean change of a column, in standard deviations, of customers who bought nothing in a period: above it is a clock."""
KNOWN, VARIED = 0.5, 0.03
"""Share of customers who have a value, and who have another than the commonest one: a column with less says little."""
LEAST_WEIGHT = 0.1
CLASSES = 10


def space(trial: Trial) -> dict[str, Any]:
    """Few sets of columns, because fits of the same columns share their work."""
    n = trial.suggest_categorical("variables_n", (0, 4, 6, 8, 12))
    weighted = trial.suggest_categorical("variables_weighted", (False, True))
    if not n:
        return {"variables_n": n, "variables_weighted": weighted}
    return {
        "variables_n": n,
        "variables_weighted": weighted,
        "variables_apart": trial.suggest_categorical("variables_apart", (0.5, 0.7, 0.9)),
        "variables_toward": trial.suggest_categorical("variables_toward", (0.0, 0.25, 0.5, 0.75, 1.0)),
    }


def without(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are the clusterer's own."""
    return {name: value for name, value in params.items() if name not in DEFAULTS}


def of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are about columns; defaults where they are not given."""
    return {name: params.get(name, value) for name, value in DEFAULTS.items()}


@dataclass(frozen=True)
class Ranking:
    """What can be clustered by: ``rate`` and ``kind`` (m,), the relevance of each of ``columns``, between 0 and 1 of
    the most relevant one; ``alike`` (m, m), absolute rank correlations."""

    columns: tuple[str, ...]
    rate: Floats
    kind: Floats
    alike: Floats

    def chosen(self, params: Mapping[str, Any]) -> tuple[tuple[str, ...], Floats]:
        """The columns of a trial with these parameters, the most relevant first, and the weight of each.

        >>> alike = np.array([[1.0, 0.95, 0.1], [0.95, 1.0, 0.1], [0.1, 0.1, 1.0]])
        >>> ranking = Ranking(("spend", "orders", "price"), np.array([1.0, 0.9, 0.1]), np.array([0.1, 0.1, 1.0]), alike)
        >>> ranking.chosen({"variables_n": 2, "variables_toward": 0.25, "variables_weighted": False})[0]
        ('spend', 'price')
        """
        asked = of(params)
        relevance = (1.0 - asked["variables_toward"]) * self.rate + asked["variables_toward"] * self.kind
        usual = [self.columns.index(name) for name in USUAL if name in self.columns]
        if asked["variables_n"] or len(usual) < FEWEST:
            taken = self._apart(relevance, asked["variables_n"] or len(USUAL), asked["variables_apart"])
        else:
            taken = usual
        weights = np.ones(len(taken))
        if asked["variables_weighted"] and relevance[taken].mean() > 0:
            weights = np.sqrt(np.maximum(relevance[taken] / relevance[taken].mean(), LEAST_WEIGHT))
        return tuple(self.columns[column] for column in taken), weights

    def _apart(self, relevance: Floats, n: int, apart: float) -> list[int]:
        """The ``n`` most relevant columns, none more alike to one before it than ``apart``."""
        taken: list[int] = []
        for column in np.argsort(-relevance, kind="stable").tolist():
            if len(taken) < n and (self.alike[column, taken] <= apart).all():
                taken.append(column)
        return taken


def ranking(periods: Sequence[Period], columns: Sequence[str], today: pd.DataFrame) -> Ranking | None:
    """The ranking of those ``columns`` that can be clustered by, told by the first of the periods; None without one,
    or if fewer than two remain."""
    if not periods:
        return None
    frames = [today, *(period.start for period in periods)]
    usable = [name for name in columns if all(tells_apart(frame[name].to_numpy(np.float64)) for frame in frames)]
    steady = [name for name, moved in zip(usable, drift(periods[-1], usable), strict=True) if moved <= LARGEST_DRIFT]
    if len(steady) < FEWEST:
        return None
    Z = preprocessing.transform(preprocessing.fit(periods[0].start, steady), periods[0].start)
    found = outcomes(periods[0])
    rate, kind = (_relevance(Z, [found[name] for name in names if name in found]) for names in (RATE, KIND))
    correlation = np.abs(np.atleast_2d(np.corrcoef(stats.rankdata(Z, axis=0), rowvar=False)))
    return Ranking(tuple(steady), rate, kind, np.nan_to_num(correlation))


def tells_apart(values: Floats) -> bool:
    """Whether enough customers have a value, and not nearly all the same."""
    known = values[~np.isnan(values)]
    if len(known) < KNOWN * len(values) or not len(known):
        return False
    commonest = np.unique(known, return_counts=True)[1].max()
    return bool(commonest <= (1.0 - VARIED) * len(known))


def drift(period: Period, columns: Sequence[str]) -> Floats:
    """Mean absolute change of each column, in standard deviations, of who bought nothing; 0 if nobody is known to."""
    if RECENCY not in period.end.columns or not len(columns):
        return np.zeros(len(columns))
    idle = period.end[RECENCY].to_numpy() >= period.days
    if not idle.any():
        return np.zeros(len(columns))
    fitted = preprocessing.fit(period.start, columns)
    before, after = (preprocessing.transform(fitted, each[idle]) for each in (period.start, period.end))
    return np.asarray(np.abs(after - before).mean(axis=0), dtype=np.float64)


def _relevance(Z: Floats, found: Sequence[Floats]) -> Floats:
    """Mean variance of the outcomes that tenths of each column explain, over that of the best column."""
    explained = np.array([[explained_by_tenths(column, outcome) for column in Z.T] for outcome in found])
    mean = explained.mean(axis=0) if len(found) else np.zeros(Z.shape[1])
    return np.asarray(mean / mean.max() if mean.max() > 0 else mean, dtype=np.float64)


def explained_by_tenths(values: Floats, outcome: Floats) -> float:
    """Variance of the known outcomes that the means of ten classes of the values explain, less what chance explains."""
    known = ~np.isnan(outcome)
    y = outcome[known]
    if not len(y) or y.var() == 0:
        return 0.0
    edges = np.unique(np.quantile(values, np.arange(1, CLASSES) / CLASSES))
    group = np.searchsorted(edges, values[known])
    sizes, sums = np.bincount(group), np.bincount(group, weights=y)
    means = np.divide(sums, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    unexplained = float(((y - means[group]) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    return max(0.0, 1.0 - unexplained - (np.count_nonzero(sizes) - 1) / len(y))
