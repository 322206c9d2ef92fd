"""A segment keeps its id when customers are clustered anew, and a ledger says what became of the others.

Old and new segments are matched one to one by the customers they share (Kuhn 1955, on Jaccard indices). Both models
assign the same customers with the same features, so whoever changed their behaviour since moves in both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from features.errors import BadArtifact
from models.segments.clusterers import NOISE, Floats, Labels

NO_SEGMENT_ID = "s0"
SAME = 1 / 3
"""Jaccard below which a segment is another one: two of equal size then share less than half of their customers."""
MOST = 0.5
"""Share of a segment's customers that comes from, or goes to, the segment it is then said to be split from or merged
into."""


class Known(Protocol):
    """What is read of a segment: its id and name, and the clusterer's number for it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def label(self) -> int: ...


@dataclass(frozen=True)
class Event:
    """What became of a segment when customers were clustered anew on ``day``.

    ``kind``: *born* (its customers come from nowhere in particular), *split* (most come from one segment that lives
    on), *merged* (most are in another one now), *died* (they are scattered), *renamed*. ``others``: the ids its
    customers came from or went to. ``share``: of its customers, those; null where nobody was in a segment before.
    """

    day: str
    kind: str
    id: str
    name: str
    others: tuple[str, ...] = ()
    share: float | None = None


Ledger = tuple[Event, ...]


@dataclass(frozen=True)
class Before:
    """The segments before a refit; ``label`` (n,) are those the customers of the refit would be in, None if unknown.

    ``fixed``: the clusterer's labels mean the same in every fit, as those of rules do. ``groups`` are the coarse groups
    above the segments, seen in the same way.
    """

    catalogue: Sequence[Known]
    ledger: Ledger
    label: Labels | None
    fixed: bool = False
    groups: "Before | None" = None


def kept_ids(before: Before, label: Labels, possible: Sequence[int]) -> dict[int, str]:
    """Ids from before, by new label; labels that are not in it are new segments. ``label`` (n,) are the new ones."""
    old = {segment.label: segment.id for segment in before.catalogue if segment.label != NOISE}
    if before.fixed:
        return {value: old[value] for value in possible if value in old}
    new = [value for value in possible if value != NOISE]
    if before.label is None or not old or not new:
        return {}
    from scipy.optimize import linear_sum_assignment  # only where segments are fitted: serving starts sooner without

    found = jaccards(before.label, label, list(old), new)
    rows, columns = linear_sum_assignment(-found)
    return {new[j]: old[list(old)[i]] for i, j in zip(rows, columns, strict=True) if found[i, j] >= SAME}


def jaccards(one: Labels, other: Labels, ones: Sequence[int], others: Sequence[int]) -> Floats:
    """Customers in both over customers in either, (ones, others); 0 where nobody is in either."""
    both = shared(one, other, ones, others)
    either = _sizes(one, ones)[:, None] + _sizes(other, others)[None, :] - both
    return np.divide(both, either, out=np.zeros(both.shape), where=either > 0)


def shared(one: Labels, other: Labels, ones: Sequence[int], others: Sequence[int]) -> Floats:
    """Customers with each pair of labels, (ones, others)."""
    return np.array([[float(np.sum((one == i) & (other == j))) for j in others] for i in ones]).reshape(
        len(ones), len(others)
    )


def _sizes(label: Labels, values: Sequence[int]) -> Floats:
    return np.array([float(np.sum(label == value)) for value in values])


def new_ids(before: Before | None, kept: Mapping[int, str], ranked: Sequence[int], prefix: str = "s") -> dict[int, str]:
    """An id for every label of ``ranked``: the kept one, or the next number that no segment ever had; noise is s0.

    >>> new_ids(None, {}, [2, 0, -1])
    {2: 's1', 0: 's2', -1: 's0'}
    """
    used = [] if before is None else [*(event.id for event in before.ledger), *(each.id for each in before.catalogue)]
    last = max((int(id_.removeprefix(prefix)) for id_ in used), default=0)
    fresh = iter(f"{prefix}{number}" for number in range(last + 1, last + 1 + len(ranked)))
    return {v: NO_SEGMENT_ID if v == NOISE else kept[v] if v in kept else next(fresh) for v in ranked}


def entered(before: Before | None, now: Sequence[Known], label: Labels, day: str) -> Ledger:
    """The ledger of the segments ``now``: that of before, and what became of each segment on ``day``."""
    if before is None:
        return tuple(Event(day, "born", each.id, each.name) for each in now if each.label != NOISE)
    ids = {each.id for each in now}
    alive = {each.id for each in before.catalogue}
    born = [_arrived(before, now, label, each.label, day) for each in now if each.id not in alive]
    gone = [_gone(before, now, label, each.label, day) for each in before.catalogue if each.id not in ids]
    names = {each.id: each.name for each in before.catalogue}
    renamed = [Event(day, "renamed", each.id, each.name) for each in now if names.get(each.id, each.name) != each.name]
    return (*before.ledger, *gone, *born, *renamed)


def _arrived(before: Before, now: Sequence[Known], label: Labels, value: int, day: str) -> Event:
    """A new segment: split from the one that most of its customers were in if that lives on, else born."""
    segment = next(each for each in now if each.label == value)
    origins = _shares(before.label, label == value, before.catalogue)
    parents = [id_ for id_, share in origins.items() if share >= MOST]
    lives = {each.id for each in now}
    kind = "split" if lives.intersection(parents) else "born"
    named = tuple(parents or [id_ for id_, share in origins.items() if share >= MOST / 2])
    return Event(day, kind, segment.id, segment.name, named, _sum(origins, named))


def _gone(before: Before, now: Sequence[Known], label: Labels, value: int, day: str) -> Event:
    """A segment that is no more: merged into the one that has most of its customers, else dead."""
    segment = next(each for each in before.catalogue if each.label == value)
    inside = np.zeros(len(label), dtype=np.bool_) if before.label is None else before.label == value
    heirs = _shares(label, inside, now)
    into = tuple(id_ for id_, share in heirs.items() if share >= MOST)
    named = into or tuple(id_ for id_, share in heirs.items() if share >= MOST / 2)
    return Event(day, "merged" if into else "died", segment.id, segment.name, named, _sum(heirs, named))


def _shares(label: Labels | None, inside: Any, catalogue: Sequence[Known]) -> dict[str, float]:
    """Of the customers ``inside``, the share in each segment of the catalogue, the largest first; noise is none."""
    if label is None or not inside.any():
        return {}
    shares = {each.id: float((label[inside] == each.label).mean()) for each in catalogue if each.label != NOISE}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _sum(shares: Mapping[str, float], named: Collection[str]) -> float | None:
    return sum(shares[id_] for id_ in named) if named else None


def to_json(ledger: Ledger) -> list[dict[str, Any]]:
    """One plain dictionary per event, as stored and as served."""
    return [{**asdict(event), "others": list(event.others)} for event in ledger]


def from_json(entries: object) -> Ledger:
    """The ledger from :func:`to_json`; BadArtifact if an entry is incomplete."""
    try:
        return tuple(Event(**{**entry, "others": tuple(entry["others"])}) for entry in entries)  # type: ignore[attr-defined]
    except (TypeError, KeyError) as error:
        raise BadArtifact(f"the ledger of segments has an invalid entry ({error}): train the model again") from error
