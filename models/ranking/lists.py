"""From scores to lists: the highest scores of each customer, filled up with what everybody buys."""

from dataclasses import dataclass

import numpy as np

from models.ranking.heads import heads
from models.ranking.histories import Codes, Matrix
from models.sample import Floats

LONGEST = 20
"""Products on a list, at most."""


@dataclass(frozen=True)
class Lists:
    """``item`` (n, k): products best first, -1 beyond the end; ``score`` (n, k): falling, 0 for what was filled up."""

    item: Codes
    score: Floats


def best(scores: Matrix, popularity_rank: Codes, length: int) -> Lists:
    """The products with the highest scores above 0, equal ones by popularity, then the most popular of the others."""
    own = _highest(scores, popularity_rank, length)
    popular = np.argsort(popularity_rank)[: 2 * length].astype(np.int32)
    filler = np.broadcast_to(popular, (len(own.item), len(popular)))
    there = (filler[:, :, None] == own.item[:, None, :]).any(axis=2)
    item = np.concatenate([own.item, filler], axis=1)
    score = np.concatenate([own.score, np.zeros(filler.shape)], axis=1)
    unwanted = np.concatenate([own.item < 0, there], axis=1)
    chosen = np.argsort(unwanted, axis=1, kind="stable")[:, :length]
    item, score, unwanted = (np.take_along_axis(each, chosen, axis=1) for each in (item, score, unwanted))
    return Lists(np.where(unwanted, np.int32(-1), item).astype(np.int32), np.where(unwanted, 0.0, score))


def _highest(scores: Matrix, popularity_rank: Codes, length: int) -> Lists:
    """The highest scores of each row, without filling."""
    row, item, value = heads(scores, length)
    order = np.lexsort((popularity_rank[item], -value, row))
    row, item, value = row[order], item[order], value[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = rank < length
    items = np.full((scores.shape[0], length), -1, np.int32)
    values = np.zeros((scores.shape[0], length))
    items[row[kept], rank[kept]] = item[kept]
    values[row[kept], rank[kept]] = value[kept]
    return Lists(items, values)
