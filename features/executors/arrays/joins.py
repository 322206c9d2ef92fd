"""Which rows of two tables belong together."""

from typing import NamedTuple, TypeAlias

import numpy as np

from features.executors.arrays.columns import Column, Index, Known, Values, every, some

Sorted: TypeAlias = tuple[Values, Index, int]
"""The known keys of a table in order, their rows, and how many rows the table has."""


class Pairs(NamedTuple):
    """Rows of the left and right table side by side; None: all rows in order. ``found`` None: all found."""

    n: int
    left: Index | None
    right: Index | None
    found: Known


class Matches(NamedTuple):
    """For each row of the left table, where its key is in ``rows`` of the right table's ``right_n``, and how often."""

    start: Index
    times: Index
    rows: Index
    right_n: int


def by_key(key: Column) -> Sorted:
    """Null is no key."""
    values, known = key
    rows = np.arange(len(values)) if known is None else np.flatnonzero(known)
    if len(rows) > 1:
        rows = rows[np.argsort(values[rows], kind="stable")]
    return values[rows], rows, len(values)


def one_key(keys_n: int, *keys: Column) -> tuple[Column, Column]:
    """One key that is equal where the ``keys_n`` keys of the left and of the right table are."""
    left, right = keys[:keys_n], keys[keys_n:]
    codes = np.zeros(len(left[0][0]) + len(right[0][0]), np.int64)
    known = np.ones(len(codes), bool)
    for one, other in zip(left, right, strict=True):
        values = np.concatenate([one[0], other[0]])
        known &= np.concatenate([_known(one), _known(other)])
        if not every(values == values[:1]):
            distinct, numbers = np.unique(values, return_inverse=True)
            codes = codes * len(distinct) + numbers
    border = len(left[0][0])
    return (codes[:border], known[:border]), (codes[border:], known[border:])


def _known(key: Column) -> Values:
    return np.ones(len(key[0]), bool) if key[1] is None else key[1]


def of_left(keys: tuple[Column, Column]) -> Column:
    return keys[0]


def of_right(keys: tuple[Column, Column]) -> Column:
    return keys[1]


def matches(key: Column, right: Sorted) -> Matches:
    values, rows, right_n = right
    if len(values) == 1:
        times = (key[0] == values[0]).astype(np.intp)
        start = np.zeros(len(times), np.intp)
    else:
        start = np.searchsorted(values, key[0], "left")
        times = np.searchsorted(values, key[0], "right") - start
    if key[1] is not None:
        times = np.where(key[1], times, 0)
    return Matches(start, times, rows, right_n)


def left_join(matched: Matches) -> Pairs:
    """Every row of the left table, once for each match, at least once."""
    start, times, rows, right_n = matched
    n = len(times)
    if n == 1 == right_n and times[0]:
        return Pairs(1, None, None, None)
    found = times > 0
    if not some(found):
        return Pairs(n, None, np.zeros(n, np.intp), found)
    left, nth = _repeated(np.maximum(times, 1)) if times.max() > 1 else (None, 0)
    if left is not None:
        start, found = start[left], found[left]
    right = rows[np.minimum(start + nth, len(rows) - 1)]
    return Pairs(len(right), left, right, None if every(found) else found)


def inner_join(matched: Matches) -> Pairs:
    start, times, rows, _ = matched
    if every(times == 1):
        return Pairs(len(times), None, rows[start], None)
    left, nth = _repeated(times)
    return Pairs(len(left), left, rows[start[left] + nth], None)


def _repeated(times: Index) -> tuple[Index, Index]:
    """Each row as often as it says, and the how-manieth each is."""
    left = np.repeat(np.arange(len(times)), times)
    return left, np.arange(len(left)) - np.repeat(np.cumsum(times) - times, times)


def semi_join(matched: Matches) -> Pairs:
    return _only(matched.times > 0)


def anti_join(matched: Matches) -> Pairs:
    return _only(matched.times == 0)


def _only(kept: Values) -> Pairs:
    left = None if every(kept) else np.flatnonzero(kept)
    return Pairs(int(kept.sum()), left, np.zeros(0, np.intp), None)


def pairs_n(pairs: Pairs) -> int:
    return pairs.n


def from_left(column: Column, pairs: Pairs) -> Column:
    if pairs.left is None:
        return column
    return column[0][pairs.left], None if column[1] is None else column[1][pairs.left]


def from_right(column: Column, pairs: Pairs) -> Column:
    """Null where the left row has no match."""
    values, known = column
    if pairs.right is None:
        return column
    if len(values) == 0:
        return np.zeros(pairs.n, values.dtype), np.zeros(pairs.n, bool)
    taken = values[pairs.right]
    if known is None:
        return taken, pairs.found
    return taken, known[pairs.right] if pairs.found is None else known[pairs.right] & pairs.found
