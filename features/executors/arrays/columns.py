"""A column, and operations on it row by row, with the null behaviour of Polars.

A column is its values and which of them are known (None: all). Values that are not known are arbitrary. Texts are the
numbers that ``Texts`` gave them. Beside columns an operation takes what is the same in all rows as a numpy scalar.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = Any
"""An array, or a numpy scalar that stands for any number of rows."""
Known: TypeAlias = Any
"""Booleans of the same shape; None if all values are known."""
Column: TypeAlias = tuple[Values, Known]
Index: TypeAlias = NDArray[np.intp]


_TYPES: dict[str, type] = {"bool": np.bool_, "int": np.int64, "text": np.int64, "time": np.int64}
_TYPES |= {"float": np.float64, "null": np.float64}


def both(one: Known, other: Known) -> Known:
    """Where both are known."""
    if one is None:
        return other
    return one if other is None else one & other


def every(values: Values) -> bool:
    """Whether all are true; several times faster than ``values.all()`` for few of them."""
    return bool(np.logical_and.reduce(values))


def some(values: Values) -> bool:
    """Whether any is true."""
    return bool(np.logical_or.reduce(values))


def by_row(compute: Callable[[Values, Values], Values]) -> Callable[[Column, Column], Column]:
    """The operation on two columns that is null where either is."""

    def run(left: Column, right: Column) -> Column:
        return compute(left[0], right[0]), both(left[1], right[1])

    return run


add, subtract, multiply, divide = map(by_row, (np.add, np.subtract, np.multiply, np.true_divide))
equal, unequal = by_row(np.equal), by_row(np.not_equal)
less, at_most, more, at_least = map(by_row, (np.less, np.less_equal, np.greater, np.greater_equal))


def all_of(left: Column, right: Column) -> Column:
    """Kleene's and: false if either is false, else null if either is null."""
    if left[1] is None and right[1] is None:
        return left[0] & right[0], None
    found = is_true(left) & is_true(right)
    return found, found | _is_false(left) | _is_false(right)


def any_of(left: Column, right: Column) -> Column:
    """Kleene's or: true if either is true, else null if either is null."""
    if left[1] is None and right[1] is None:
        return left[0] | right[0], None
    found = is_true(left) | is_true(right)
    return found, found | (_is_false(left) & _is_false(right))


def is_true(column: Column) -> Values:
    return column[0] if column[1] is None else column[0] & column[1]


def truth(column: Column) -> Column:
    """False for null."""
    return is_true(column), None


def both_true(left: Column, right: Column) -> Column:
    """And, of columns without null."""
    return left[0] & right[0], None


def either_true(left: Column, right: Column) -> Column:
    """Or, of columns without null."""
    return left[0] | right[0], None


def _is_false(column: Column) -> Values:
    false = np.logical_not(column[0])
    return false if column[1] is None else false & column[1]


def negate(column: Column) -> Column:
    return np.logical_not(column[0]), column[1]


def is_null(column: Column) -> Column:
    return (np.zeros(np.shape(column[0]), bool) if column[1] is None else ~column[1]), None


def is_not_null(column: Column) -> Column:
    return (np.ones(np.shape(column[0]), bool) if column[1] is None else column[1]), None


def floor(column: Column) -> Column:
    return np.floor(column[0]), column[1]


def absolute(column: Column) -> Column:
    return np.abs(column[0]), column[1]


def root(column: Column) -> Column:
    return np.sqrt(column[0]), column[1]


def logarithm(column: Column, base: Column) -> Column:
    """By the C library's ``log``, like Polars; numpy's own may differ in the last bit."""
    values, known = np.atleast_1d(column[0]), column[1]
    found = np.array([_log(x) for x in values.tolist()], float)
    return found.reshape(np.shape(column[0])) / math.log(base[0]), known


def _log(x: float) -> float:
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def as_float(column: Column) -> Column:
    return column[0].astype(np.float64), column[1]


def choose(condition: Column, then: Column, otherwise: Column) -> Column:
    """``otherwise`` where the condition, which has no null, is false."""
    chosen = condition[0]
    values = np.where(chosen, then[0], otherwise[0])
    if then[1] is None and otherwise[1] is None:
        return values, None
    known = np.where(chosen, True if then[1] is None else then[1], True if otherwise[1] is None else otherwise[1])
    return values, known


def only_where(condition: Column, then: Column) -> Column:
    """Null where the condition, which has no null, is false."""
    return then[0], both(then[1], condition[0])


def first_known(*columns: Column) -> Column:
    """Of each row the first value that is not null."""
    values, known = columns[-1]
    for one, one_known in reversed(columns[:-1]):
        if one_known is None:
            values, known = one, None
        else:
            values = np.where(one_known, one, values)
            known = None if known is None else one_known | known
    return values, known


def largest(*columns: Column) -> Column:
    """Of each row the largest number that is not null."""
    values, known = _filled(columns[0], -np.inf), columns[0][1]
    for column in columns[1:]:
        values = np.maximum(values, _filled(column, -np.inf))
        known = None if known is None or column[1] is None else known | column[1]
    return values, known


def total(*columns: Column) -> Column:
    """Of each row the sum of the numbers that are not null."""
    values = _filled(columns[0], 0.0)
    for column in columns[1:]:
        values = values + _filled(column, 0.0)
    return values, None


def _filled(column: Column, value: float) -> Values:
    return column[0] if column[1] is None else np.where(column[1], column[0], value)


def is_between(column: Column, low: Column, high: Column) -> Column:
    return all_of(at_least(column, low), at_most(column, high))


def is_in(column: Column, levels: frozenset[Any]) -> Column:
    return np.array([value in levels for value in column[0].tolist()], bool), column[1]


def literal(value: Any) -> Column:
    """A value other than null for use beside columns."""
    makers: dict[type, Callable[[Any], Any]] = {bool: np.bool_, int: np.int64, float: np.float64}
    return makers[type(value)](value), None


def beside(value: Any, rows_n: int, kind: str) -> Column:
    """A value for use beside columns."""
    return full(None, rows_n, kind) if value is None else literal(value)


def full(value: Any, rows_n: int, kind: str) -> Column:
    """A value as a column of ``rows_n`` rows."""
    if value is None:
        return np.zeros(rows_n, _TYPES[kind]), np.zeros(rows_n, bool)
    return np.full(rows_n, value, _TYPES[kind]), None


def stack(*columns: Column) -> Column:
    """The columns below each other."""
    values = np.concatenate([column[0] for column in columns])
    if all(column[1] is None for column in columns):
        return values, None
    known = [np.ones(len(column[0]), bool) if column[1] is None else column[1] for column in columns]
    return values, np.concatenate(known)


def rows_where(condition: Column) -> Index | None:
    """Where the condition, which has no null, is true; None if everywhere, so that columns remain the same objects."""
    return None if every(condition[0]) else condition[0].nonzero()[0]


def take(column: Column, rows: Index | None) -> Column:
    if rows is None:
        return column
    return column[0][rows], None if column[1] is None else column[1][rows]
