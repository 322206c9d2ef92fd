"""Contributions summed by family, and the families that say most of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.families import family_of
from models.sample import Floats

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Said:
    """The families that say most of each row, the largest contribution first: arrays (n, k).

    ``place`` is the family's column that does most of it, in ``names``, or -1 where there are no more reasons;
    ``contribution`` is the family's, ``value`` the column's (nan for null). ``family`` is that of each column.
    """

    names: tuple[str, ...]
    family: Mapping[str, str]
    place: Places
    contribution: Floats
    value: Floats

    @staticmethod
    def joined(parts: Sequence["Said"]) -> "Said":
        """The rows of all parts, one part after the other; they are of one model."""
        first = parts[0]
        arrays = (
            np.concatenate([getattr(each, name) for each in parts]) for name in ("place", "contribution", "value")
        )
        return Said(first.names, first.family, *arrays)


def by_family(names: Sequence[str], contributions: Floats, values: Floats, most: int, least: float) -> Said:
    """At most ``most`` families a row, those that add or take away at least ``least``.

    ``contributions`` (n, m + 1) as learners state them, ``values`` (n, m). Equal families are in alphabetical order.
    """
    grouped = groups_of(tuple(names))
    sorted_ = np.ascontiguousarray(contributions[:, grouped.order])
    sums = family_sums(sorted_, grouped.starts)
    leading = np.column_stack([_leading(sorted_[:, a:b], sums[:, f]) + a for f, (a, b) in enumerate(grouped.spans)])
    ranked = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :most]
    added, place = (np.take_along_axis(each, ranked, axis=1) for each in (sums, leading))
    place = grouped.order[place]
    said = np.abs(added) >= least
    value = np.where(said, np.take_along_axis(values, place, axis=1), np.nan)
    more = ((0, 0), (0, most - place.shape[1]))  # there may be fewer families
    return Said(
        grouped.names,
        grouped.family,
        np.pad(np.where(said, place, -1), more, constant_values=-1),
        np.pad(np.where(said, added, 0.0), more),
        np.pad(value, more, constant_values=np.nan),
    )


@dataclass(frozen=True, eq=False)
class Groups:
    """Columns sorted by family: their ``order`` (m,), and where each of the ``families`` starts and ends in it."""

    names: tuple[str, ...]
    family: Mapping[str, str]
    order: Places
    families: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def starts(self) -> list[int]:
        return [start for start, _ in self.spans]


@lru_cache(maxsize=32)
def groups_of(names: tuple[str, ...]) -> Groups:
    """The columns of a model, grouped; families are in alphabetical order."""
    family = {name: family_of(name) for name in names}
    order = sorted(range(len(names)), key=lambda place: family[names[place]])
    owner = [family[names[place]] for place in order]
    starts = [place for place, name in enumerate(owner) if place == 0 or owner[place - 1] != name]
    spans = tuple(zip(starts, [*starts[1:], len(owner)], strict=True))
    return Groups(names, family, np.asarray(order, dtype=np.intp), tuple(owner[start] for start in starts), spans)


def family_sums(contributions: Floats, starts: Sequence[int]) -> Floats:
    """(n, families) sums of adjacent columns; a row's bits do not depend on the other rows."""
    return np.asarray(np.add.reduceat(contributions, starts, axis=1), dtype=np.float64)


def _leading(columns: Floats, total: Floats) -> Places:
    """(n,) the column that moves the score most in the direction of the family's total."""
    return np.asarray((columns * np.where(total >= 0.0, 1.0, -1.0)[:, None]).argmax(axis=1), dtype=np.intp)


def sums_by_family(names: Sequence[str], contributions: Floats) -> tuple[tuple[str, ...], Floats]:
    """All families in alphabetical order, and (n, families) what each adds to the score."""
    grouped = groups_of(tuple(names))
    return grouped.families, family_sums(np.ascontiguousarray(contributions[:, grouped.order]), grouped.starts)
