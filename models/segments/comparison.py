"""Two segmentations of the same customers, side by side: which segments are the same, split, merged or another thing.

Segments are matched one to one by the customers they share (Kuhn 1955, on Jaccard indices), as when ids are inherited,
but nothing is read from ids: the two may be of different studies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from models.segments.clusterers import Floats
from models.segments.identity import MOST, SAME


@dataclass(frozen=True)
class Relation:
    """What became of a segment of the one segmentation in the other.

    ``kind``: *same* (matched), *merged* (most of its customers are in one segment of the other), *scattered* (they are
    not), *split* (a segment of the other, most of whose customers come from one segment), *new* (they do not). ``one``
    and ``other`` are ids, empty where there is none; ``customers`` are in both, or in the only one there is;
    ``jaccard`` of the two, 0 where there is one.
    """

    kind: str
    one: str
    other: str
    customers: int
    jaccard: float


@dataclass(frozen=True)
class Comparison:
    """All relations; of the ``customers``, how many ``moved``: are not in the match of their segment; and the adjusted
    Rand index of the two (Hubert and Arabie 1985), 1 if they agree wholly and 0 if by chance."""

    relations: tuple[Relation, ...]
    customers: int
    moved: int
    agreement: float


def compared(counts: Floats, ones: Sequence[str], others: Sequence[str]) -> Comparison:
    """From ``counts`` (ones, others), the customers in each pair of segments.

    >>> found = compared(np.array([[40.0, 0.0, 0.0], [0.0, 30.0, 30.0]]), ["s1", "s2"], ["s1", "s2", "s3"])
    >>> [(each.kind, each.one, each.other, each.customers) for each in found.relations]
    [('same', 's1', 's1', 40), ('same', 's2', 's2', 30), ('split', 's2', 's3', 30)]
    >>> found.moved
    30
    """
    either = counts.sum(axis=1)[:, None] + counts.sum(axis=0)[None, :] - counts
    jaccard = np.divide(counts, either, out=np.zeros(counts.shape), where=either > 0)
    rows, columns = linear_sum_assignment(-jaccard)
    pairs = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if jaccard[i, j] >= SAME}
    found = [Relation("same", ones[i], others[j], int(counts[i, j]), float(jaccard[i, j])) for i, j in pairs.items()]
    for i in sorted(set(range(len(ones))).difference(pairs)):
        found.append(_of_one(counts[i], jaccard[i], ones[i], others))
    for j in sorted(set(range(len(others))).difference(pairs.values())):
        found.append(_of_other(counts[:, j], jaccard[:, j], others[j], ones))
    stayed = sum(counts[i, j] for i, j in pairs.items())
    total = int(counts.sum())
    return Comparison(tuple(found), total, total - int(stayed), adjusted_rand(counts))


def _of_one(counts: Floats, jaccard: Floats, name: str, others: Sequence[str]) -> Relation:
    largest, own = int(np.argmax(counts)), float(counts.sum())
    if own and counts[largest] >= MOST * own:
        return Relation("merged", name, others[largest], int(counts[largest]), float(jaccard[largest]))
    return Relation("scattered", name, "", int(own), 0.0)


def _of_other(counts: Floats, jaccard: Floats, name: str, ones: Sequence[str]) -> Relation:
    largest, own = int(np.argmax(counts)), float(counts.sum())
    if own and counts[largest] >= MOST * own:
        return Relation("split", ones[largest], name, int(counts[largest]), float(jaccard[largest]))
    return Relation("new", "", name, int(own), 0.0)


def adjusted_rand(counts: Floats) -> float:
    """The adjusted Rand index from a table of counts; 1 where both have one segment."""

    def pairs(values: Floats) -> float:
        return float((values * (values - 1.0) / 2.0).sum())

    both, one, other, all_ = pairs(counts), pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0)), pairs(counts.sum())
    expected = one * other / all_ if all_ else 0.0
    most = (one + other) / 2.0
    return 1.0 if most == expected else (both - expected) / (most - expected)


def in_words(found: Comparison, names: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A line for each relation; ``names`` by "one" and "other", then by id."""
    said = {
        "same": "{one} and {other} are the same, {n} in both (Jaccard {j:.2f})",
        "merged": "{one} is merged into {other}, with {n}",
        "scattered": "{one} is no more, its {n} are scattered",
        "split": "{other} is split from {one}, with {n}",
        "new": "{other} is new, its {n} come from everywhere",
    }
    lines = []
    for each in found.relations:
        one, other = (
            f"{id_} {names[side].get(id_, '')}".strip() for side, id_ in (("one", each.one), ("other", each.other))
        )
        lines.append(said[each.kind].format(one=one, other=other, n=f"{each.customers:,}", j=each.jaccard))
    return lines
