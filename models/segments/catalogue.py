"""The segment catalogue: each segment's name, size, share of revenue and typical customer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadArtifact
from features.families import is_protected
from features.indicators import split
from models.segments.clusterers import NOISE, Labels
from models.segments.identity import Before, kept_ids, new_ids
from models.segments.lasting_names import lasting_names
from models.segments.names import NO_SEGMENT, OFTEN, ORDER_VALUE, RECENCY, SPEND, TENURE
from models.segments.preprocessing import raw_column


@dataclass(frozen=True)
class Segment:
    """One group of the customers that the catalogue describes; shares are in [0, 1]."""

    id: str  # of first segments, "s1" has the most revenue; "s0" are the customers in no group
    label: int  # the clusterer's number for it
    name: str
    description: str
    size: int
    share: float
    revenue_share: float | None  # of purchase_spend; None where spend is not known
    medians: dict[str, float | None]  # in the feature's unit; None where every value is null


Catalogue = tuple[Segment, ...]
DESCRIBED = (OFTEN, RECENCY, TENURE, ORDER_VALUE)
"""Columns of the sentence on a segment."""


def build(
    X: pd.DataFrame,
    label: Labels,
    possible: Sequence[int],
    fixed_names: Mapping[int, str],
    read: Collection[str] = (),
    currency: str = "",
    before: Before | None = None,
) -> Catalogue:
    """Segments by descending revenue (by size where spend is not known), noise last.

    With ``before``, a segment that is still the same keeps its id, and its name as long as that is true.

    ``X`` has one row per customer, ``label`` (n,) their labels. ``possible`` are all labels that the clusterer can
    give: one without a customer today is listed with size 0, because a later customer may get it. ``fixed_names`` are
    the clusterer's own names for labels, if it has any. Protected columns say nothing of a segment, unless they are
    among those that the clusterer ``read``, because the study named them.
    """
    nobody = {value: f"Nobody yet, group {value + 1}" for value in possible}
    kept = {} if before is None else kept_ids(before, label, possible)
    called = {} if before is None else {each.id: each.name for each in before.catalogue}
    lasting = lasting_names(X, label, {value: called[id_] for value, id_ in kept.items()})
    names = {**nobody, NOISE: NO_SEGMENT, **lasting, **fixed_names}
    revenue = {value: _revenue(X, label == value) for value in possible}
    medians = _medians(X, _shown(X, read), label, possible)
    order = sorted((value for value in possible if value != NOISE), key=lambda value: (-revenue[value], value))
    order += [NOISE] if NOISE in possible else []
    ids = new_ids(before, kept, order)
    spend = float(X[SPEND].sum()) if SPEND in X.columns else 0.0
    return tuple(
        Segment(
            id=ids[value],
            label=value,
            name=names[value],
            description=describe(medians[value], currency),
            size=int((label == value).sum()),
            share=int((label == value).sum()) / len(X),
            revenue_share=revenue[value] / spend if spend > 0 else None,
            medians=medians[value],
        )
        for value in order
    )


def _revenue(X: pd.DataFrame, inside: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    """Spend of the customers ``inside``; their number where spend is not known."""
    return float(X[SPEND][inside].sum()) if SPEND in X.columns else float(inside.sum())


def _shown(X: pd.DataFrame, read: Collection[str]) -> list[str]:
    return [name for name in map(str, X.columns) if name in read or not is_protected(split(name)[0])]


def medians_of(X: pd.DataFrame, label: Labels, possible: Sequence[int]) -> dict[int, dict[str, float | None]]:
    """What :func:`describe` needs of each segment."""
    return _medians(X, [name for name in DESCRIBED if name in X.columns], label, possible)


def _medians(
    X: pd.DataFrame, columns: Sequence[str], label: Labels, possible: Sequence[int]
) -> dict[int, dict[str, float | None]]:
    """The median of each of ``columns`` in each segment; of a memory map, one column is in memory at a time."""
    inside = {value: np.flatnonzero(label == value) for value in possible}
    found: dict[int, dict[str, float | None]] = {value: {} for value in possible}
    for name in columns:
        column = raw_column(X, name)
        for value, rows in inside.items():
            known = column[rows]
            known = known[~np.isnan(known)]
            found[value][name] = float(np.median(known)) if len(known) else None
    return found


def describe(medians: Mapping[str, float | None], currency: str = "") -> str:
    """The typical customer in a sentence; amounts are followed by the currency, if it is known.

    >>> medians = {"purchase_days_n": 1.0, "purchase_recency_days": 212.4, "purchase_order_value_mean": 80.0}
    >>> describe(medians, "EUR")
    'Typically 1 day with a purchase, the last 212 days ago, orders of 80 EUR.'
    """
    phrases = [
        f"{_days(medians[OFTEN])} with a purchase" if medians.get(OFTEN) is not None else "",
        f"the last {_days(medians[RECENCY])} ago" if medians.get(RECENCY) is not None else "",
        f"the first {_days(medians[TENURE])} ago" if _bought_again(medians) else "",
        f"orders of {medians[ORDER_VALUE]:,.0f} {currency}".strip() if medians.get(ORDER_VALUE) is not None else "",
    ]
    known = ", ".join(phrase for phrase in phrases if phrase)
    return f"Typically {known}." if known else "No typical customer is known."


def _days(value: float | None) -> str:
    number = f"{value or 0:.0f}"
    return f"{number} day" if number == "1" else f"{number} days"


def _bought_again(medians: Mapping[str, float | None]) -> bool:
    """Whether the first purchase is another than the last."""
    return medians.get(TENURE) is not None and (medians.get(OFTEN) or 0) > 1


def to_json(catalogue: Catalogue) -> list[dict[str, Any]]:
    """One plain dictionary per segment, as stored and as served."""
    return [asdict(segment) for segment in catalogue]


def from_json(entries: object) -> Catalogue:
    """The catalogue from :func:`to_json`; BadArtifact if an entry is incomplete or two share an id, label or name."""
    try:
        catalogue = tuple(Segment(**entry) for entry in entries)  # type: ignore[attr-defined]
    except TypeError as error:
        raise BadArtifact(f"the segment catalogue has an invalid entry ({error}): train the model again") from error
    for key in ("id", "label", "name"):
        if len({getattr(segment, key) for segment in catalogue}) < len(catalogue):
            raise BadArtifact(f"two segments share a {key}: train the model again")
    return catalogue
