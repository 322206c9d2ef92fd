"""Affinity to categories: shares of a customer's purchases, those of long ago counting less."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.ranking.histories import Histories
from models.ranking.items import Items
from models.sample import Floats

HALF_LIFE_DAYS = 90.0
MOST = 5
"""Categories that an answer names."""


@dataclass(frozen=True)
class Affinities:
    """``category`` (n, MOST): names, the largest share first, None beyond the end; ``share`` in [0, 1], NaN there."""

    category: NDArray[np.object_]
    share: Floats


def affinities(histories: Histories, items: Items) -> Affinities:
    """Shares of what each customer bought of known categories, halved every ``HALF_LIFE_DAYS``; equal ones by name."""
    names = sorted({name for name in items.categories if name})
    category = np.full((len(histories), MOST), None, dtype=object)
    share = np.full((len(histories), MOST), np.nan)
    if names:
        row, code, value = _shares(histories, items, names)
        order = np.lexsort((code, -value, row))
        row, code, value = row[order], code[order], value[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        kept = rank < MOST
        category[row[kept], rank[kept]] = np.array(names, dtype=object)[code[kept]]
        share[row[kept], rank[kept]] = value[kept]
    return Affinities(category, share)


def _shares(histories: Histories, items: Items, names: list[str]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Row, category and share of each pair that there is."""
    number = {name: code for code, name in enumerate(names)}
    codes = np.array([number.get(name, -1) for name in items.categories])[histories.bought.item]
    known = codes >= 0
    pair = histories.bought.row[known].astype(np.int64) * len(names) + codes[known]
    weight = 0.5 ** (histories.bought.days_ago[known] / HALF_LIFE_DAYS)
    there, place = np.unique(pair, return_inverse=True)
    total = np.bincount(place, weights=weight, minlength=len(there))
    row, code = there // len(names), there % len(names)
    return row, code, total / np.bincount(row, weights=total, minlength=len(histories))[row]
