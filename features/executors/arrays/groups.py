"""Rows in groups: aggregates of each group, and values that a row gets from its group."""

from functools import cached_property
from typing import Any

import numpy as np

from features.executors.arrays.columns import Column, Index, Known, Values, both, every, some


class Groups:
    """Which rows have equal keys: ``order`` sorts rows by group (None: as they are), each begins at ``starts``."""

    def __init__(self, rows_n: int, order: Index | None, starts: Index) -> None:
        self.rows_n, self.order, self.starts = rows_n, order, starts

    @property
    def n(self) -> int:
        return len(self.starts)

    @cached_property
    def sizes(self) -> Index:
        return np.concatenate((self.starts[1:], (self.rows_n,))) - self.starts

    @cached_property
    def first(self) -> Index:
        """One row of each group."""
        return self.starts if self.order is None else self.order[self.starts]

    @cached_property
    def of_row(self) -> Index:
        """The group of each row."""
        sorted_ = np.repeat(np.arange(self.n), self.sizes)
        return sorted_ if self.order is None else _put_back(sorted_, self.order)

    def sorted(self, values: Values) -> Values:
        return values if self.order is None else values[self.order]


_ALL = np.zeros(1, np.intp)
_NULL = np.iinfo(np.int64).min


def group(rows_n: int, *keys: Column) -> Groups:
    """Groups of equal keys; null is a key like any other."""
    parts = [part for part in map(_part, keys) if not _is_constant(part)]
    if rows_n == 0 or not parts:
        return Groups(rows_n, None, _ALL[:rows_n])
    order = np.lexsort(parts) if len(parts) > 1 else np.argsort(parts[0], kind="stable")
    change = np.zeros(rows_n, bool)
    change[0] = True
    inner = change[1:]
    for part in parts:
        sorted_ = part[order]
        inner |= sorted_[1:] != sorted_[:-1]
    return Groups(rows_n, order, change.nonzero()[0])


def _part(key: Column) -> Values:
    """The key's values with a value of its own for null."""
    values, known = key
    if known is None:
        return values
    return np.where(known, values, -np.inf if values.dtype == np.float64 else _NULL)


def _is_constant(values: Values) -> bool:
    return every(values == values[:1])


def groups_n(groups: Groups) -> int:
    return groups.n


def sizes(groups: Groups) -> Column:
    return groups.sizes, None


def first_of(column: Column, groups: Groups) -> Column:
    """The value of a key in each group."""
    return column[0][groups.first], None if column[1] is None else column[1][groups.first]


def spread(column: Column, groups: Groups) -> Column:
    """Each row gets its group's value."""
    if groups.n == 1:
        return column[0].repeat(groups.rows_n), None if column[1] is None else column[1].repeat(groups.rows_n)
    return column[0][groups.of_row], None if column[1] is None else column[1][groups.of_row]


def sum_of(column: Column, groups: Groups) -> Column:
    """0 if no value is known."""
    values, known = column
    if values.dtype == bool:
        values = values.astype(np.int64)
    if known is not None:
        values = np.where(known, values, 0)
    return _reduced(np.add, values, groups, 0), None


def true_n(column: Column, groups: Groups) -> Column:
    """How many values are true, as a float; the column has no null."""
    return _reduced(np.add, column[0].astype(np.float64), groups, 0), None


def count_of(column: Column, groups: Groups) -> Column:
    """How many values are known."""
    if column[1] is None:
        return groups.sizes, None
    return _reduced(np.add, column[1].astype(np.int64), groups, 0), None


def min_of(column: Column, groups: Groups) -> Column:
    return _extreme(column, groups, np.minimum, np.inf)


def max_of(column: Column, groups: Groups) -> Column:
    return _extreme(column, groups, np.maximum, -np.inf)


def _extreme(column: Column, groups: Groups, reduce: "np.ufunc", never: float) -> Column:
    values, known = column
    if groups.rows_n == 0:
        return np.zeros(groups.n, values.dtype), np.zeros(groups.n, bool)
    if known is None:
        return _reduced(reduce, values, groups, 0), None
    if values.dtype != np.float64:
        limits = np.iinfo(np.int64)
        never = limits.max if never > 0 else limits.min
    found = _reduced(np.logical_or, known, groups, 0)
    return _reduced(reduce, np.where(known, values, never), groups, 0), None if every(found) else found


def _reduced(reduce: "np.ufunc", values: Values, groups: Groups, of_nothing: float) -> Values:
    if groups.rows_n == 0:
        return np.full(groups.n, of_nothing, values.dtype)
    return reduce.reduceat(groups.sorted(values), groups.starts)


def distinct_of(column: Column, groups: Groups) -> Column:
    """How many distinct values; null counts as one."""
    if groups.n == 1 and groups.rows_n:
        values, known = column
        distinct = set((values if known is None else values[known]).tolist())
        return np.array([len(distinct) + (known is not None and not every(known))]), None
    of_row, values = groups.of_row.tolist(), column[0].tolist()
    known = [True] * len(values) if column[1] is None else column[1].tolist()
    distinct = {(at, value if here else None) for at, value, here in zip(of_row, values, known, strict=True)}
    return np.bincount(np.array([at for at, _ in distinct], np.intp), minlength=groups.n), None


def median_of(column: Column, groups: Groups) -> Column:
    """The middle of the known values, or the mean of the two in the middle."""
    values, known = column
    n = count_of(column, groups)[0]
    if not some(n):
        return np.zeros(groups.n), np.zeros(groups.n, bool)
    rows = np.lexsort((values, groups.of_row) if known is None else (values, ~known, groups.of_row))
    sorted_, found = values[rows], n > 0
    below, above = groups.starts + np.maximum(n - 1, 0) // 2, groups.starts + n // 2
    above = np.minimum(above, len(sorted_) - 1)
    return (sorted_[below] + sorted_[above]) / 2, None if every(found) else found


def sorted_within(column: Column, groups: Groups) -> Index:
    """The rows by group, and in each group by the column."""
    return np.lexsort((column[0], groups.of_row))


def shifted(column: Column, by: int, groups: Groups, rows: Index) -> Column:
    """The value of the row that is ``by`` rows before in its group; null if there is none."""
    inside = groups.of_row[rows]
    place = np.arange(len(rows)) - by
    exists = (place >= 0) & (place < len(rows))
    place = np.where(exists, place, 0)
    exists &= inside[place] == inside
    source = rows[place]
    known: Known = both(exists, None if column[1] is None else column[1][source])
    return _put_back(column[0][source], rows), _put_back(known, rows)


def running_sum(column: Column, groups: Groups, rows: Index) -> Column:
    """The sum of the known values of the group up to the row."""
    values = column[0] if column[1] is None else np.where(column[1], column[0], 0)
    sorted_ = values[rows]
    summed = np.cumsum(sorted_)
    before = summed[groups.starts] - sorted_[groups.starts]
    return _put_back(summed - np.repeat(before, groups.sizes), rows), column[1]


def _put_back(values: Any, rows: Index) -> Any:
    found = np.empty_like(values)
    found[rows] = values
    return found
