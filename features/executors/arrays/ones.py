"""Operations on single values, for what is the same in all rows or has one row: a float, int, bool or None for null.

They give what the operations of the same names in ``columns.py`` and ``groups.py`` give, at a tenth of their cost.
"""

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from features.executors.arrays.columns import Column, every
from features.executors.arrays.program import Untranslated
from features.executors.arrays.texts import Texts

One: TypeAlias = Any


def by_value(compute: Callable[[Any, Any], Any]) -> Callable[[One, One], One]:
    """The operation that is null if either value is."""

    def run(left: One, right: One) -> One:
        return None if left is None or right is None else compute(left, right)

    return run


add, subtract, multiply = map(by_value, (operator.add, operator.sub, operator.mul))
equal, unequal, less, at_most, more, at_least = map(
    by_value, (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
)


@by_value
def divide(left: float, right: float) -> float:
    if right == 0:
        return math.nan if left == 0 or left != left else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def plus(*numbers: int) -> int:
    return sum(numbers)


def all_of(left: One, right: One) -> One:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def any_of(left: One, right: One) -> One:
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def truth(value: One) -> bool:
    return value is True


def both_true(left: bool, right: bool) -> bool:
    return left and right


def either_true(left: bool, right: bool) -> bool:
    return left or right


def negate(value: One) -> One:
    return None if value is None else not value


def is_null(value: One) -> One:
    return value is None


def is_not_null(value: One) -> One:
    return value is not None


def floor(value: One) -> One:
    return None if value is None else value // 1.0


def absolute(value: One) -> One:
    return None if value is None else abs(value)


def root(value: One) -> One:
    return None if value is None else math.sqrt(value) if value >= 0 else math.nan


def logarithm(value: One, base: One) -> One:
    if value is None:
        return None
    if value > 0:
        return math.log(value) / math.log(base)
    return -math.inf if value == 0 else math.nan


def as_float(value: One) -> One:
    return None if value is None else float(value)


def choose(condition: One, then: One, otherwise: One) -> One:
    return then if condition else otherwise


def first_known(*values: One) -> One:
    for value in values:
        if value is not None:
            return value
    return None


def largest(*values: One) -> One:
    return max((value for value in values if value is not None), default=None)


def total(*values: One) -> One:
    return sum((value for value in values if value is not None), 0.0)


def is_between(value: One, low: One, high: One) -> One:
    return all_of(at_least(value, low), at_most(value, high))


def present(value: One, rows_n: int) -> One:
    """Null if the table has no row."""
    return value if rows_n else None


def kept(condition: One, rows_n: int) -> int:
    """How many rows of at most one are left by a filter."""
    return rows_n if condition else 0


def product(one: int, other: int) -> int:
    return one * other


def at_most_one(rows_n: int) -> int:
    """How many rows a table has when its rows are one group."""
    return 1 if rows_n else 0


def only_row(column: Column) -> One:
    """The value of a table that has one row; null if it has none."""
    values, known = column
    if len(values) > 1:
        raise Untranslated("several rows of one customer where one was expected")
    return values.item() if len(values) and (known is None or known.item()) else None


def _known(column: Column) -> Any:
    return column[0] if column[1] is None else column[0][column[1]]


def size(rows_n: int) -> One:
    return rows_n


def sum_of(column: Column) -> One:
    return np.add.reduce(_known(column)).item()


def true_n(column: Column) -> One:
    """How many values are true, as a float; the column has no null."""
    return float(np.count_nonzero(column[0]))


def count_of(column: Column) -> One:
    return len(column[0]) if column[1] is None else int(np.count_nonzero(column[1]))


def min_of(column: Column) -> One:
    found = _known(column)
    return np.minimum.reduce(found).item() if len(found) else None


def max_of(column: Column) -> One:
    found = _known(column)
    return np.maximum.reduce(found).item() if len(found) else None


def min_text(texts: Texts, column: Column) -> One:
    return min(set(_known(column).tolist()), key=texts.text, default=None)


def max_text(texts: Texts, column: Column) -> One:
    return max(set(_known(column).tolist()), key=texts.text, default=None)


def distinct_of(column: Column) -> One:
    """Null counts as a value."""
    return len(set(_known(column).tolist())) + (column[1] is not None and not every(column[1]))


def median_of(column: Column) -> One:
    found = sorted(_known(column).tolist())
    n = len(found)
    return (found[(n - 1) // 2] + found[n // 2]) / 2 if n else None
