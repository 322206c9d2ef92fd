"""Candidates of the ranker: what was bought before, its neighbours, what similar customers buy, what everybody buys."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.plain import array_bytes, array_from
from models.ranking.cosines import dump_matrix, load_matrix
from models.ranking.histories import Codes, Histories, Matrix
from models.ranking.learners import tifu_knn
from models.ranking.lists import best
from models.sample import Floats

EACH = 40
"""Candidates that each source gives, at most."""
HALF_LIFE_DAYS = 60.0
COLUMNS = (
    "orders_n", "orders_share", "faded_n", "days_ago", "gap_days", "due", "neighbours", "similar", "popularity",
    "customer_orders_n", "customer_days_ago", "in_last_order", "seen_days_ago",
)  # fmt: skip
"""The numbers of a candidate, NaN where there is none: how many of the customer's orders have it, their share of all
orders, their number when orders count half after 60 days; days since the last one, mean days between them, the one over
the other; the cosines with what was bought; the mean vector of similar customers; the logarithm of the place by
popularity; the customer's orders and days since the last; whether the product was in it; days since it was looked at.
"""


@dataclass(frozen=True)
class Sources:
    """``near`` (products, products) has cosines, ``similar`` customers to compare with, ``popular`` all products."""

    near: Matrix
    similar: tifu_knn.Model
    popular: Codes

    def dump(self) -> dict[str, bytes]:
        """As files."""
        popular = {"ranker_popular.npy": array_bytes(self.popular)}
        return {**dump_matrix("ranker_near", self.near), **tifu_knn.dump(self.similar), **popular}

    @staticmethod
    def load(files: Mapping[str, bytes], items_n: int) -> "Sources":
        """What ``dump`` wrote."""
        popular = array_from(files, "ranker_popular.npy", np.int32, (items_n,))
        return Sources(load_matrix(files, "ranker_near", items_n), tifu_knn.load(files, items_n), popular)

    @property
    def rank(self) -> Codes:
        """The place of each product by popularity."""
        found = np.empty(len(self.popular), np.int32)
        found[self.popular] = np.arange(len(self.popular), dtype=np.int32)
        return found


def faded(histories: Histories) -> Matrix:
    """(rows, products): orders with the product, each halved every ``HALF_LIFE_DAYS``."""
    return histories.matrix(0.5 ** (histories.bought.days_ago / HALF_LIFE_DAYS))


@dataclass(frozen=True)
class Candidates:
    """``row`` and ``item`` of each candidate, ascending, and the scores they were found by (rows, products)."""

    row: NDArray[np.int64]
    item: NDArray[np.int64]
    faded: Matrix
    neighbours: Matrix
    similar: Matrix

    def at(self, matrix: Matrix) -> Floats:
        """A matrix (rows, products) at the candidates."""
        width = matrix.shape[1]
        keys = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr)) * width + matrix.indices
        wanted = self.row * width + self.item
        place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        if not len(keys):
            return np.zeros(len(wanted))
        return np.where(keys[place] == wanted, matrix.data[place], 0.0)


def candidates(sources: Sources, histories: Histories) -> Candidates:
    """The best of each source, filled up with what is popular, and what the customer looked at."""
    own = faded(histories)
    found = [own, (own @ sources.near).tocsr(), tifu_knn.scores(sources.similar, histories)]
    keys = [histories.seen.row.astype(np.int64) * histories.items_n + histories.seen.item]
    for matrix in found:
        matrix.sort_indices()
        listed = best(matrix, sources.rank, EACH)
        row = np.broadcast_to(np.arange(len(histories), dtype=np.int64)[:, None], listed.item.shape)
        keys.append((row * histories.items_n + listed.item)[listed.item >= 0])
    distinct = np.unique(np.concatenate(keys))
    return Candidates(distinct // histories.items_n, distinct % histories.items_n, *found)


def numbers(sources: Sources, histories: Histories, found: Candidates) -> Floats:
    """(candidates, COLUMNS)."""
    row, bought = found.row, histories.bought
    orders_n = found.at(histories.matrix(np.ones(len(bought.item))))
    own = orders_n > 0
    last, first = (np.where(own, found.at(each), np.nan) for each in (_last(histories), _first(histories)))
    gap = np.divide(first - last, orders_n - 1.0, out=np.full(len(row), np.nan), where=orders_n > 1)
    of_customer, since = _customers(histories)
    return np.column_stack([
        orders_n,
        orders_n / np.maximum(of_customer[row], 1.0),
        found.at(found.faded),
        last,
        gap,
        last / np.maximum(gap, 1.0),
        found.at(found.neighbours),
        found.at(found.similar),
        np.log1p(sources.rank[found.item]),
        of_customer[row],
        since[row],
        found.at(histories.matrix((bought.order == 0).astype(np.float64))),
        _seen(histories, found),
    ])  # fmt: skip


def _last(histories: Histories) -> Matrix:
    return histories.matrix(np.where(histories.newest(), histories.bought.days_ago, 0.0))


def _first(histories: Histories) -> Matrix:
    return histories.matrix(np.where(histories.oldest(), histories.bought.days_ago, 0.0))


def _customers(histories: Histories) -> tuple[Floats, Floats]:
    """(rows,) orders, and days since the newest; NaN for who has none."""
    bought = histories.bought
    orders_n, since = np.zeros(len(histories)), np.full(len(histories), np.inf)
    np.maximum.at(orders_n, bought.row, bought.order + 1.0)
    np.minimum.at(since, bought.row, bought.days_ago.astype(np.float64))
    return orders_n, np.where(np.isfinite(since), since, np.nan)


def _seen(histories: Histories, found: Candidates) -> Floats:
    """Days since each candidate was looked at; NaN if it was not."""
    seen, shape = histories.seen, (len(histories), histories.items_n)
    # One more than the days, because 0 is what a sparse matrix has where it has nothing.
    days = found.at(csr_matrix((seen.days_ago + 1.0, (seen.row, seen.item)), shape=shape))
    return np.where(days > 0.0, days - 1.0, np.nan)
