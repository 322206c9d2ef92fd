"""What sets a segment apart: for each column, how likely one of its customers has more than one of the others."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from models.sample import Mask
from models.segments.clusterers import Floats
from models.segments.preprocessing import raw_column

Z95 = 1.959964
FEWEST = 10
"""Customers with a known value, inside and outside, below which a column says nothing."""


@dataclass(frozen=True)
class Effect:
    """``superiority``: probability that a customer of the segment has more than another one, ties half (0.5: no
    difference), with a 95 % interval; medians in the column's unit."""

    column: str
    superiority: float
    low: float
    high: float
    median: float
    median_of_others: float


def effects(X: pd.DataFrame, columns: Iterable[str], inside: Mask) -> list[Effect]:
    """The effect in each column, the largest first; columns with too few known values are left out."""
    found = [effect for name in columns if (effect := _effect(name, raw_column(X, name), inside)) is not None]
    return sorted(found, key=lambda each: (-abs(each.superiority - 0.5), each.column))


def _effect(name: str, values: Floats, inside: Mask) -> Effect | None:
    known = ~np.isnan(values)
    mine, others = values[known & inside], values[known & ~inside]
    if min(len(mine), len(others)) < FEWEST:
        return None
    # Mann and Whitney's U over the number of pairs.
    ranks = stats.rankdata(np.concatenate([mine, others]))[: len(mine)]
    found = float((ranks.sum() - len(mine) * (len(mine) + 1) / 2) / (len(mine) * len(others)))
    error = Z95 * standard_error(found, len(mine), len(others))
    medians = float(np.median(mine)), float(np.median(others))
    return Effect(name, found, max(0.0, found - error), min(1.0, found + error), *medians)


def standard_error(superiority: float, mine: int, others: int) -> float:
    """Of the superiority of ``mine`` customers over ``others`` (Hanley and McNeil 1982).

    >>> round(standard_error(0.893, 51, 58), 3)
    0.033
    """
    a, b = superiority, superiority**2
    first, second = a / (2 - a), 2 * b / (1 + a)
    return float(np.sqrt((a * (1 - a) + (mine - 1) * (first - b) + (others - 1) * (second - b)) / (mine * others)))
