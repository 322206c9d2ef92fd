"""Which rows of two tables belong together."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from features.executors.arrays.columns import Column, Index, Known, every

Rows: TypeAlias = dict[Any, list[int]]
"""The rows of each key."""


class Keyed(NamedTuple):
    """A table's rows by key: the first row of each, and all rows of each if a key has several."""

    first: dict[Any, int]
    all: Rows | None


class Pairs(NamedTuple):
    """Rows of the left and right table side by side; None: all rows in order. ``found`` None: all found."""

    n: int
    left: Index | None
    right: Index | None
    found: Known


def by_key(*keys: Column) -> Keyed:
    """Null is no key."""
    all_: Rows = {}
    first: dict[Any, int] = {}
    for row, key in enumerate(_each(keys)):
        if key is not None and first.setdefault(key, row) != row:
            all_.setdefault(key, [first[key]]).append(row)
    return Keyed(first, {key: all_.get(key, [row]) for key, row in first.items()} if all_ else None)


def _each(keys: tuple[Column, ...]) -> Iterator[Any]:
    """The key of each row; None if a part of it is null."""
    lists = [values.tolist() for values, _ in keys]
    found: Iterator[Any] = iter(lists[0]) if len(keys) == 1 else zip(*lists, strict=True)
    for _, known in keys:
        if known is not None:
            found = (key if here else None for key, here in zip(found, known.tolist(), strict=True))
    return found


def left_join(keyed: Keyed, *keys: Column) -> Pairs:
    """Every row of the left table, once for each match, at least once."""
    if keyed.all is not None:
        return _left_join_with_several(keyed.all, keys)
    get = keyed.first.get
    right = np.array([get(key, -1) for key in _each(keys)], np.intp)
    found = right >= 0
    return Pairs(len(right), None, right, None if every(found) else found)


def _left_join_with_several(rows: Rows, keys: tuple[Column, ...]) -> Pairs:
    pairs = [(left, right) for left, key in enumerate(_each(keys)) for right in rows.get(key, (-1,))]
    left, right = np.array(pairs, np.intp).reshape(-1, 2).T
    return Pairs(len(pairs), left, right, right >= 0)


def inner_join(keyed: Keyed, *keys: Column) -> Pairs:
    rows = keyed.all or {key: [row] for key, row in keyed.first.items()}
    pairs = [(left, right) for left, key in enumerate(_each(keys)) for right in rows.get(key, ())]
    left, right = np.array(pairs, np.intp).reshape(-1, 2).T
    return Pairs(len(pairs), left, right, None)


def semi_join(keyed: Keyed, *keys: Column) -> Pairs:
    return _only([row for row, key in enumerate(_each(keys)) if key in keyed.first])


def anti_join(keyed: Keyed, *keys: Column) -> Pairs:
    return _only([row for row, key in enumerate(_each(keys)) if key not in keyed.first])


def _only(rows: list[int]) -> Pairs:
    return Pairs(len(rows), np.array(rows, np.intp), None, None)


def pairs_n(pairs: Pairs) -> int:
    return pairs.n


def from_left(column: Column, pairs: Pairs) -> Column:
    if pairs.left is None:
        return column
    return column[0][pairs.left], None if column[1] is None else column[1][pairs.left]


def from_right(column: Column, pairs: Pairs) -> Column:
    """Null where the left row has no match."""
    values, known = column
    if len(values) == 0:
        return np.zeros(pairs.n, values.dtype), np.zeros(pairs.n, bool)
    taken = values[pairs.right]
    if known is None:
        return taken, pairs.found
    return taken, known[pairs.right] if pairs.found is None else known[pairs.right] & pairs.found
