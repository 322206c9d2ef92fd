"""Segment cards: what a marketer asks of each segment, as plain data for the page, the report and HTTP.

Figures of money are in the shop's currency. A group of fewer than ten customers has a size and no figure. Protected
attributes are left out, unless the study reads them by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.families import is_protected
from features.indicators import split
from models.intervals import clustered_mean
from models.sample import Mask
from models.segments import lifetime, preprocessing, segmenter
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.distances import Distances
from models.segments.effects import Effect, effects
from models.segments.names import SPEND, TENURE
from models.segments.preprocessing import raw_column
from models.segments.rules import Condition, Rule, rule_for
from models.segments.segmenter import Segmenter
from models.segments.use import ORDERS, Period
from models.words import feature_words, is_money, value_words

SUPPRESSED_BELOW = 10
MOST_APART, MOST_OFTEN = 5, 5
NEW_DAYS = 90
CONFIDENCE, DRAWS = 0.9, 500
LEAST_EFFECT = 0.1
"""Distance of a superiority from one half, below which two groups hardly differ."""
LEAST_LIFT = 1.2
SECTIONS = {
    "categories": ("favourite_category",),
    "channels": ("channel_purchase", "channel_last_purchase", "channel_contact", "channel_device"),
    "places": ("profile_country", "profile_region", "profile_urbanity", "profile_language"),
    "topics": ("topics_favourite", "content_favourite", "feedback_topic", "seasonal_favourite"),
}
"""Text columns whose levels stand together on a card."""
HOURS = ("cadence_morning_share", "cadence_evening_share", "cadence_weekend_share", "channel_event_evening_share")
SENSITIVITIES = (
    "basket_discount_share",
    "sensitivity_discount_order_share",
    "sensitivity_cheap_spend_share",
    "basket_return_share",
    "sensitivity_price_complaints_365d_n",
    "sensitivity_quality_complaints_365d_n",
    "sensitivity_delivery_complaints_365d_n",
    "sensitivity_service_complaints_365d_n",
)
ENGAGEMENT = ("engagement_open_rate", "engagement_click_rate", "usage_sessions_90d_n", "journey_abandoned_90d_n")

Card = dict[str, Any]


@dataclass(frozen=True)
class Customers:
    """Those whom cards are made from: figures of ``everybody`` (n) by ``label`` (n,); what sets segments apart, of the
    rows ``chosen``; what comes next, of the last ``period`` if there is one."""

    everybody: pd.DataFrame
    label: Labels
    chosen: Labels
    period: Period | None
    currency: str
    seed: int


def cards(model: Segmenter, about: Customers) -> tuple[Card, ...]:
    """One card a segment of the catalogue, in its order; noise has none."""
    some = _Some.of(model, about)
    near, years = similarity(model, some), values_of_a_year(model, about)
    found = []
    for each in model.catalogue:
        if each.label == NOISE:
            continue
        card: Card = {"id": each.id}
        if each.size >= SUPPRESSED_BELOW:
            card |= {
                "economics": economics(about.everybody, about.label == each.label),
                "next_period": next_period(model, about, each.label),
                "value_365d": years.get(each.label),
                "sets_apart": sets_apart(some, some.label == each.label, about.currency),
                **more_often(some, some.label == each.label),
                "hours": compared(some, some.label == each.label, HOURS, about.currency),
                "sensitivities": compared(some, some.label == each.label, SENSITIVITIES, about.currency),
                "engagement": compared(some, some.label == each.label, ENGAGEMENT, about.currency),
                "moves": moves(model, about, each.label),
                "rule": rule_in_words(model, some, some.label == each.label, about),
            }
        found.append({**card, "similarity": near.get(each.id)})
    return tuple(found)


@dataclass(frozen=True)
class _Some:
    """The chosen customers with all columns that may be shown, their label (m,) and preprocessed features."""

    X: pd.DataFrame
    label: Labels
    Z: Floats
    shown: tuple[str, ...]

    @staticmethod
    def of(model: Segmenter, about: Customers) -> "_Some":
        """Columns in memory one after the other; those that do not differ are not shown."""
        X = pd.DataFrame({name: raw_column(about.everybody, name)[about.chosen] for name in about.everybody.columns})
        named = set(model.features)
        shown = [n for n in map(str, X.columns) if n in named or not is_protected(split(n)[0])]
        differing = tuple(name for name in shown if X[name].min() < X[name].max())
        label = about.label[about.chosen]
        return _Some(X, label, preprocessing.transform(model.preprocessing, X), differing)


def economics(X: pd.DataFrame, inside: Mask) -> Card:
    """Figures of the customers ``inside``; null where the dataset lacks a column.

    customers; spend (all time) and its share; spend_per_customer; spend_365d_per_customer; order_value, spend over
    orders; orders_365d_per_customer; new_share, first order in the last 90 days; silent_share, no order in 180 days;
    pace, spend of the last 90 days, times 365 / 90, over that of the last 365; margin_365d_per_customer, of lines with
    a known cost.
    """
    total = {name: _total(X, name, inside) for name in (SPEND, ORDERS, "purchase_spend_365d", "purchase_spend_90d")}
    everybody, n = _total(X, SPEND, np.ones(len(X), dtype=np.bool_)), int(inside.sum())
    year = total["purchase_spend_365d"]
    recent = None if total["purchase_spend_90d"] is None else total["purchase_spend_90d"] * 365 / 90
    return {
        "customers": n,
        "spend": total[SPEND],
        "spend_share": _ratio(total[SPEND], everybody),
        "spend_per_customer": _ratio(total[SPEND], n),
        "spend_365d_per_customer": _ratio(year, n),
        "order_value": _ratio(total[SPEND], total[ORDERS]),
        "orders_365d_per_customer": _ratio(_total(X, "purchase_orders_365d_n", inside), n),
        "new_share": _share(X, TENURE, inside, lambda days: days <= NEW_DAYS),
        "silent_share": _share(X, "purchase_orders_180d_n", inside, lambda orders: orders == 0),
        "pace": _ratio(recent, year),
        "margin_365d_per_customer": _ratio(_total(X, "margin_365d", inside), n),
    }


def _total(X: pd.DataFrame, name: str, inside: Mask) -> float | None:
    return float(np.nansum(raw_column(X, name)[inside])) if name in X.columns else None


def _share(X: pd.DataFrame, name: str, inside: Mask, holds: Callable[[Floats], Mask]) -> float | None:
    return float(holds(raw_column(X, name)[inside]).mean()) if name in X.columns else None


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def next_period(model: Segmenter, about: Customers, label: int) -> Card | None:
    """What customers who were in the segment one period ago did since: ``spend`` a customer and ``bought_share``, each
    with a 90 % interval; None without such a period, or if too few were in it."""
    if about.period is None or not {SPEND, ORDERS} <= set(about.period.start.columns):
        return None
    start, end = about.period.start, about.period.end
    inside = segmenter.assign_labels(model, start)[0] == label
    if inside.sum() < SUPPRESSED_BELOW:
        return None
    spend = (end[SPEND].to_numpy() - start[SPEND].to_numpy())[inside]
    bought = (end[ORDERS].to_numpy() > start[ORDERS].to_numpy())[inside].astype(np.float64)
    return {
        "days": about.period.days,
        "customers": int(inside.sum()),
        "spend": _interval(spend, about.seed),
        "bought_share": _interval(bought, about.seed),
    }


def values_of_a_year(model: Segmenter, about: Customers) -> dict[int, Card]:
    """By label: what a customer is expected to spend in 365 days, if they spend and move between segments as customers
    did in the last period, with a 90 % interval; none without such a period."""
    if about.period is None or SPEND not in about.period.start.columns:
        return {}
    start, end = about.period.start, about.period.end
    before, after = (segmenter.assign_labels(model, each)[0] for each in (start, end))
    spend = end[SPEND].to_numpy() - start[SPEND].to_numpy()
    found = lifetime.values_of_a_year(before, after, spend, about.period.days, np.unique([before, after]), about.seed)
    few = {int(label) for label, n in zip(*np.unique(before, return_counts=True), strict=True) if n < SUPPRESSED_BELOW}
    return {label: asdict(each) for label, each in found.items() if label not in few}


def _interval(values: Floats, seed: int) -> Card:
    mean, low, high = clustered_mean(values, np.arange(len(values)), DRAWS, CONFIDENCE, seed)
    return {"mean": mean, "low": low, "high": high}


def sets_apart(some: _Some, inside: Mask, currency: str) -> list[Card]:
    """The features, one a family, in which the segment differs most from the others, in words."""
    numbers = [name for name in some.shown if split(name)[1] is None]
    found: dict[str, Effect] = {}
    for each in effects(some.X, numbers, inside):
        if abs(each.superiority - 0.5) >= LEAST_EFFECT:
            found.setdefault(each.column.partition("_")[0], each)
    return [_effect_in_words(each, currency) for each in list(found.values())[:MOST_APART]]


def _effect_in_words(each: Effect, currency: str) -> Card:
    more = each.superiority >= 0.5
    chance = each.superiority if more else 1 - each.superiority
    typical, other = (value_words(each.column, value) for value in (each.median, each.median_of_others))
    return {
        "feature": each.column,
        "words": f"{feature_words(each.column, currency)}: {'more' if more else 'less'} than another customer "
        f"in {chance:.0%} of cases; typically {typical}, others {other}",
        "superiority": each.superiority,
        "low": each.low,
        "high": each.high,
        "median": each.median,
        "median_of_others": each.median_of_others,
    }


def more_often(some: _Some, inside: Mask) -> dict[str, list[Card]]:
    """Levels that the segment has more often than everybody, the largest lift first, by what they are about: favourite
    ``categories``, ``channels``, ``places`` and languages, ``topics``, and ``more_often`` for the rest."""
    found: dict[str, list[Card]] = {name: [] for name in (*SECTIONS, "more_often")}
    for name in (each for each in some.shown if split(each)[1] is not None):
        share, of_all = float(some.X[name][inside].mean()), float(some.X[name].mean())
        if of_all > 0 and share / of_all >= LEAST_LIFT and some.X[name][inside].sum() >= SUPPRESSED_BELOW:
            words = f"{feature_words(name)}: {share:.0%}, of all customers {of_all:.0%}"
            lift = {"feature": name, "words": words, "share": share, "share_of_all": of_all, "lift": share / of_all}
            found[section_of(name)].append(lift)
    return {
        name: sorted(each, key=lambda one: (-one["lift"], one["feature"]))[:MOST_OFTEN] for name, each in found.items()
    }


def section_of(indicator: str) -> str:
    """Where a card has a level.

    >>> section_of("channel_purchase=app"), section_of("profile_language=fr"), section_of("loyalty_status=new")
    ('channels', 'places', 'more_often')
    """
    column = split(indicator)[0]
    return next((name for name, columns in SECTIONS.items() if column in columns), "more_often")


def compared(some: _Some, inside: Mask, columns: Sequence[str], currency: str) -> list[Card]:
    """Those of the columns in which the segment differs from the others, the largest difference first, in words."""
    found = effects(some.X, [name for name in columns if name in some.shown], inside)
    return [_effect_in_words(each, currency) for each in found if abs(each.superiority - 0.5) >= LEAST_EFFECT]


def moves(model: Segmenter, about: Customers, label: int) -> Card | None:
    """Who came into the segment and who left it in the last period, by what they did: numbers by the other segment's
    id, those of fewer than ten together under ``others``; None without a period."""
    if about.period is None:
        return None
    before, after = (segmenter.assign_labels(model, each)[0] for each in (about.period.start, about.period.end))
    ids = {each.label: each.id for each in model.catalogue}
    came, went = before[(after == label) & (before != label)], after[(before == label) & (after != label)]
    return {
        "days": about.period.days,
        "stayed": int(((before == label) & (after == label)).sum()),
        "came": _counted(came, ids),
        "left": _counted(went, ids),
    }


def _counted(labels: Labels, ids: Mapping[int, str]) -> dict[str, int]:
    values, counts = np.unique(labels, return_counts=True)
    found = {ids[int(v)]: int(n) for v, n in zip(values, counts, strict=True) if n >= SUPPRESSED_BELOW}
    rest = int(len(labels) - sum(found.values()))
    return {**found, "others": rest} if rest else found


def rule_in_words(model: Segmenter, some: _Some, inside: Mask, about: Customers) -> Card | None:
    """At most four conditions by which a person would find the segment, with precision and recall."""
    found = rule_for(some.X, model.features, inside, about.seed)
    return None if found is None else _rule_card(found, about.currency)


def _rule_card(rule: Rule, currency: str) -> Card:
    return {
        "conditions": [condition_in_words(each, currency) for each in rule.conditions],
        "precision": rule.precision,
        "recall": rule.recall,
    }


def condition_in_words(each: Condition, currency: str = "") -> str:
    """One condition, with its unit.

    >>> condition_in_words(Condition("purchase_recency_days", -np.inf, 34.5))
    'days since the last order: at most 34'
    >>> condition_in_words(Condition("purchase_spend", 100.0, 250.0), "EUR")
    'spend so far, EUR: over 100, at most 250'
    """
    ends = [f"over {_edge(each, each.low)}"] if np.isfinite(each.low) else []
    ends += [f"at most {_edge(each, each.high)}"] if np.isfinite(each.high) else []
    return f"{feature_words(each.feature, currency)}: {', '.join(ends)}"


def _edge(each: Condition, value: float) -> str:
    """The edge of a whole number is the last one below it."""
    whole = each.feature.endswith(("_n", "_days")) and not is_money(each.feature)
    return value_words(each.feature, float(np.floor(value)) if whole else value)


def similarity(model: Segmenter, some: _Some) -> Mapping[str, Card]:
    """By id: mean distance ``within`` the segment, to the customers of the ``nearest`` other one and of each other, in
    standard deviations a feature; of some customers."""
    distances = Distances.of(some.Z, seed=model.seed, sample=2_000)
    label, size = some.label[distances.chosen], np.sqrt(some.Z.shape[1])
    rows = {each.id: np.flatnonzero(label == each.label) for each in model.catalogue if each.label != NOISE}
    known = {id_: places for id_, places in rows.items() if len(places) > 1}
    found = {}
    for id_, places in known.items():
        others = {
            other: float(distances.between[np.ix_(places, theirs)].mean() / size)
            for other, theirs in known.items()
            if other != id_
        }
        own = distances.between[np.ix_(places, places)].sum() / (len(places) * (len(places) - 1)) / size
        nearest = min(others, key=lambda other: others[other], default=None)
        found[id_] = {"within": float(own), "nearest": nearest, "between": others}
    return found
