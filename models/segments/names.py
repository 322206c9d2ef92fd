"""Names for segments as a marketing person would give them: "Lapsed one-time buyers", "Frequent big spenders".

A name describes how lately, how much and how often the segment buys, compared with all customers. A trait is added
where a segment stands out by it, and a contrast where two segments would share a name. Missing columns add no word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.segments import preprocessing
from models.segments.clusterers import NOISE, Labels

NO_SEGMENT = "No clear segment"
RECENCY, TENURE = "purchase_recency_days", "purchase_tenure_days"
OFTEN, SPEND, ORDER_VALUE = "purchase_days_n", "purchase_spend", "purchase_order_value_mean"

# Traits: column -> phrase for a segment far above all customers in it.
# ("Who return often" could be read as customers who come again.)
TRAITS: Mapping[str, str] = {
    "basket_return_share": "who send much back",
    "basket_discount_share": "who buy at a discount",
    "cadence_weekend_share": "of the weekend",
    "cadence_evening_share": "of the evening",
}
# Contrasts between segments of one name: column -> (phrase for the higher, phrase for the lower).
CONTRASTS: Mapping[str, tuple[str, str]] = {
    ORDER_VALUE: ("larger orders", "smaller orders"),
    OFTEN: ("more often", "less often"),
    RECENCY: ("longer ago", "more recent"),
    TENURE: ("long-standing", "newer"),
    "basket_return_share": ("more returns", "fewer returns"),
    "basket_discount_share": ("more discounts", "fewer discounts"),
    "basket_products_n": ("wider choice", "narrower choice"),
    "basket_category_entropy": ("wider choice of categories", "fewer categories"),
    "basket_unit_price_mean": ("dearer products", "cheaper products"),
    "cadence_gap_mean_days": ("longer pauses", "shorter pauses"),
    "cadence_weekend_share": ("more on weekends", "more on weekdays"),
    "cadence_evening_share": ("more in the evening", "more by day"),
    SPEND: ("higher spend", "lower spend"),
}
NEW_DAYS = 180  # after half a year a customer is no longer called new
REMARKABLE = 1.0  # standard deviations above the mean of all customers
MIN_CONTRAST = 0.25  # standard deviations between two segments; a smaller difference is not named


def segment_names(X: pd.DataFrame, label: Labels) -> dict[int, str]:
    """A unique name for each label that occurs in ``label`` (n,); noise is "No clear segment"."""
    X = read_by_names(X)
    found = [int(value) for value in np.unique(label) if value != NOISE]
    effects = effects_of(X, label, found)
    names = {value: core_name(typical(X, X[label == value])) + _trait(effects, value) for value in found}
    names = _distinguished(names, effects, list(effects.columns))
    if (label == NOISE).any():
        names[NOISE] = NO_SEGMENT
    return {value: sentence_case(name) for value, name in names.items()}


def sentence_case(name: str) -> str:
    """The name with a capital."""
    return name[:1].upper() + name[1:]


def read_by_names(X: pd.DataFrame) -> pd.DataFrame:
    """The columns of X that names are made of, in memory."""
    read = [name for name in dict.fromkeys((*AXES, *CONTRASTS)) if name in X.columns]
    return pd.DataFrame({name: preprocessing.raw_column(X, name) for name in read}, index=X.index)


def effects_of(X: pd.DataFrame, label: Labels, found: Sequence[int]) -> pd.DataFrame:
    """Mean of each contrast's column in each segment (rows), in standard deviations from the mean of all customers."""
    columns = [name for name in CONTRASTS if name in X.columns and X[name].nunique() > 1]
    if not columns or not found:
        return pd.DataFrame(index=list(found), dtype=np.float64)
    Z = preprocessing.transform(preprocessing.fit(X, columns), X)
    return pd.DataFrame([Z[label == value].mean(axis=0) for value in found], index=list(found), columns=columns)


def standing(everyone: pd.Series, segment: pd.Series) -> float:
    """Share of all customers below the segment's median, ties counted half; 0.5 if all values are null.

    >>> standing(pd.Series([1.0, 1.0, 2.0, 9.0]), pd.Series([9.0]))
    0.875
    """
    values, median = everyone.dropna(), segment.median()
    if not len(values) or np.isnan(median):
        return 0.5
    return float((values < median).mean() + (values == median).mean() / 2)


def recency_in_gaps(X: pd.DataFrame) -> float:
    """Days since the last purchase over the customer's own mean gap, median over repeat buyers; nan if there are none.

    A customer who buys at random times pauses for 1.5 gaps with probability 0.22 and for 3 gaps with probability 0.05.
    """
    if not {RECENCY, TENURE, OFTEN} <= set(X.columns):
        return float("nan")
    again = X[X[OFTEN] > 1]
    gap = (again[TENURE] - again[RECENCY]) / (again[OFTEN] - 1)
    return float((again[RECENCY] / gap.where(gap > 0)).median())


@dataclass(frozen=True)
class Typical:
    """What a segment's core name is made of: ``standings`` among all customers by column, the median number of ``days``
    with a purchase and of days since the first one (``tenure``), and days since the last in the customers' own
    ``gaps``; nan where unknown."""

    standings: Mapping[str, float]
    days: float
    tenure: float
    gaps: float


def typical(X: pd.DataFrame, segment: pd.DataFrame) -> Typical:
    """What the customers ``segment`` are like among all customers ``X``."""
    standings = {name: standing(X[name], segment[name]) if name in X.columns else 0.5 for name in AXES}
    medians = {name: float(segment[name].median()) if name in X.columns else np.nan for name in (OFTEN, TENURE)}
    return Typical(standings, medians[OFTEN], medians[TENURE], recency_in_gaps(segment))


def core_name(found: Typical) -> str:
    """How lately, how much, how often: "lapsed big-order one-time buyers"."""
    standings = dict(found.standings)
    if standings[TENURE] <= 0.25 and found.tenure > NEW_DAYS:
        standings[TENURE] = 0.5  # newer than most customers, but not new
    often = _how_often(found.days, standings)
    lately = _how_lately(standings, often, found.gaps)
    if often == "frequent" and standings[SPEND] >= 0.85:
        words = [lately, often, "big spenders"]
    else:
        words = [lately, _how_much(standings[ORDER_VALUE]), often, "buyers"]
    return " ".join(word for word in words if word)


AXES = (RECENCY, TENURE, OFTEN, SPEND, ORDER_VALUE)


def _how_often(days: float, standings: Mapping[str, float]) -> str:
    """From the median of days with a purchase: once, or by its standing among all customers."""
    if np.isnan(days):
        return ""
    if days <= 1:
        return "one-time"
    if standings[OFTEN] >= 0.8:
        return "frequent"
    # A new customer with few purchases may still become a frequent buyer.
    return "repeat" if standings[OFTEN] >= 0.5 or _is_new(standings) else "occasional"


def _how_lately(standings: Mapping[str, float], often: str, gaps: float) -> str:
    """Recency compared with the segment's own gaps if it has any, else with all customers."""
    long_ago = standings[RECENCY] >= 0.7
    rhythm = often != "one-time" and not np.isnan(gaps)
    if (gaps >= 3 or (long_ago and gaps >= 1)) if rhythm else long_ago:
        return "lapsed"
    if _is_new(standings):
        return "new"
    if rhythm and gaps >= 1.5:
        return "fading"
    return "active" if standings[RECENCY] <= 0.3 and often != "frequent" else ""


def _is_new(standings: Mapping[str, float]) -> bool:
    return standings[TENURE] <= 0.25


def _how_much(order_value_standing: float) -> str:
    return "big-order" if order_value_standing >= 0.8 else "small-order" if order_value_standing <= 0.2 else ""


def _trait(effects: pd.DataFrame, value: int) -> str:
    """The phrase of the trait by which the segment stands out most, or an empty string."""
    known = effects.T.reindex(list(TRAITS))[value].dropna()
    if not len(known) or known.max() < REMARKABLE:
        return ""
    return f" {TRAITS[str(known.idxmax())]}"


def _distinguished(names: dict[int, str], effects: pd.DataFrame, columns: list[str]) -> dict[int, str]:
    """Unique names: segments that share one get the contrast in which they differ most, and further ones if needed."""
    unique: dict[int, str] = {}
    for name in dict.fromkeys(names.values()):
        same = [value for value in names if names[value] == name]
        unique |= {same[0]: name} if len(same) == 1 else _split(name, effects.loc[same], columns)
    return unique


def _split(name: str, effects: pd.DataFrame, columns: list[str]) -> dict[int, str]:
    """Names for segments that are all called ``name``."""
    span = effects[columns].max() - effects[columns].min()
    if not columns or span.max() < MIN_CONTRAST:
        return {int(value): f"{name}, group {number}" for number, value in enumerate(effects.index, start=1)}
    column = str(span.idxmax())
    middle = (effects[column].max() + effects[column].min()) / 2
    joint = " and" if "," in name else ","
    renamed = {
        int(value): f"{name}{joint} {CONTRASTS[column][0 if effects.at[value, column] > middle else 1]}"
        for value in effects.index
    }
    return _distinguished(renamed, effects, [other for other in columns if other != column])
