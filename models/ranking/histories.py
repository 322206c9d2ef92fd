"""Item histories as arrays: one entry a product of an order, with the products as numbers of a vocabulary."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.errors import BadInput
from features.item_history import COLUMN
from models.sample import Floats

Codes = NDArray[np.int32]
"""Numbers of products in a vocabulary, or of rows, orders and days."""
Matrix = Any
"""A ``scipy.sparse.csr_matrix`` (rows, products)."""


@dataclass(frozen=True)
class Entries:
    """Who (``row``, ascending), what (``item``), in which order (0 the newest) and how many days before ``as_of``."""

    row: Codes
    item: Codes
    order: Codes
    days_ago: Codes

    def where(self, mask: NDArray[np.bool_]) -> "Entries":
        """The entries where ``mask`` is true."""
        return Entries(self.row[mask], self.item[mask], self.order[mask], self.days_ago[mask])

    def numbered(self, place: Codes, items: Codes) -> "Entries":
        """With the row ``place[row]`` and the product ``items[item]``; entries where either is -1 are left out."""
        row, item = place[self.row], items[self.item]
        known = (row >= 0) & (item >= 0)
        return Entries(row[known], item[known], self.order[known], self.days_ago[known])

    def between(self, start: int, stop: int) -> "Entries":
        """Those of the rows ``start`` to ``stop`` - 1, which become 0, 1, …"""
        first, last = np.searchsorted(self.row, (start, stop))
        some = slice(first, last)
        return Entries(self.row[some] - np.int32(start), self.item[some], self.order[some], self.days_ago[some])


@dataclass(frozen=True)
class Histories:
    """``rows_n`` customers: what they ``bought``, and ``seen``, the products they looked at (an entry a product).

    Products that are not among the ``items_n`` of the vocabulary are left out; orders are numbered with all of theirs.
    """

    rows_n: int
    items_n: int
    bought: Entries
    seen: Entries

    def __len__(self) -> int:
        return self.rows_n

    def take(self, rows: NDArray[np.intp], items: Codes, items_n: int) -> "Histories":
        """These rows, ascending, with the products renumbered: ``items[old]`` is the new number, -1 leaves it out."""
        place = np.full(self.rows_n, -1, np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        return Histories(len(rows), items_n, self.bought.numbered(place, items), self.seen.numbered(place, items))

    def between(self, start: int, stop: int) -> "Histories":
        """The rows ``start`` to ``stop`` - 1."""
        stop = min(stop, self.rows_n)
        return Histories(
            stop - start, self.items_n, self.bought.between(start, stop), self.seen.between(start, stop)
        )

    def matrix(self, weight: Floats) -> Matrix:
        """(rows, products): the sum of ``weight`` (an entry of ``bought`` each) of a product."""
        shape = (self.rows_n, self.items_n)
        found = csr_matrix((weight, (self.bought.row, self.bought.item)), shape=shape)
        found.sum_duplicates()
        return found

    def newest(self) -> NDArray[np.bool_]:
        """A mask of ``bought``: the newest entry of each customer and product."""
        pair = self.bought.row.astype(np.int64) * self.items_n + self.bought.item
        first = np.zeros(len(pair), np.bool_)
        first[np.unique(pair, return_index=True)[1]] = True
        return first

    def owned(self) -> Matrix:
        """(rows, products): 1 where the customer bought the product."""
        found = self.matrix(np.ones(len(self.bought.item)))
        found.data[:] = 1.0
        return found


def decode(texts: Iterable[object], place: Mapping[str, int]) -> Histories:
    """The column ``item_history`` as arrays; ``place`` numbers the products. Null is a customer without a product.

    BadInput for a text that :func:`features.item_history.item_histories` does not write.
    """
    bought: tuple[list[int], ...] = ([], [], [], [])
    seen: tuple[list[int], ...] = ([], [], [], [])
    row = -1
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            continue
        try:
            found = json.loads(text)
            for number, order in enumerate(found["orders"]):
                _append(bought, row, number, order["days_ago"], order["products"], place)
            for view in found["views"]:
                _append(seen, row, 0, view["days_ago"], [view["product"]], place)
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{COLUMN} of row {row} is not orders and views as JSON ({type(error).__name__}): "
                "make it with features.item_history"
            ) from None
    return Histories(row + 1, len(place), *(Entries(*(np.array(v, np.int32) for v in each)) for each in (bought, seen)))


def _append(
    to: tuple[list[int], ...], row: int, order: int, days_ago: int, products: Iterable[str], place: Mapping[str, int]
) -> None:
    for product in products:
        code = place.get(product)
        if code is not None:
            for values, value in zip(to, (row, code, order, days_ago), strict=True):
                values.append(value)
