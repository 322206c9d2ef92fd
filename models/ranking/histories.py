"""Item histories as arrays: one entry a product of an order, with the products as numbers of a vocabulary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.errors import BadInput
from features.item_history import COLUMN, HISTORY
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
        return Histories(stop - start, self.items_n, self.bought.between(start, stop), self.seen.between(start, stop))

    def matrix(self, weight: Floats) -> Matrix:
        """(rows, products): the sum of ``weight`` (an entry of ``bought`` each) of a product."""
        shape = (self.rows_n, self.items_n)
        found = csr_matrix((weight, (self.bought.row, self.bought.item)), shape=shape)
        found.sum_duplicates()
        return found

    @property
    def _pair(self) -> NDArray[np.int64]:
        """A number for each customer and product, of each entry of ``bought``."""
        return self.bought.row.astype(np.int64) * self.items_n + self.bought.item

    def newest(self) -> NDArray[np.bool_]:
        """A mask of ``bought``: the newest entry of each customer and product."""
        return _first_of(self._pair)

    def oldest(self) -> NDArray[np.bool_]:
        """A mask of ``bought``: the oldest entry of each customer and product."""
        return _first_of(self._pair[::-1])[::-1]

    def owned(self) -> Matrix:
        """(rows, products): 1 where the customer bought the product."""
        found = self.matrix(np.ones(len(self.bought.item)))
        found.data[:] = 1.0
        return found


def _first_of(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A mask of the first of equal values."""
    first = np.zeros(len(values), np.bool_)
    first[np.unique(values, return_index=True)[1]] = True
    return first


def decode(texts: Iterable[object], place: Mapping[str, int]) -> Histories:
    """The column ``item_history`` as arrays; ``place`` numbers the products. Null is a customer without a product.

    BadInput for a text that :func:`features.item_history.item_histories` does not write.
    """
    rows = parsed(texts)
    codes = pl.DataFrame({"product": list(place), "item": range(len(place))}, {"product": pl.String, "item": pl.Int32})
    orders = exploded(rows, "orders").with_columns(order=pl.int_range(pl.len(), dtype=pl.Int32).over("row"))
    bought = _entries(orders.explode("products").rename({"products": "product"}), codes)
    seen = _entries(exploded(rows, "views").with_columns(order=pl.lit(0, pl.Int32)), codes)
    return Histories(rows.height, len(place), bought, seen)


def parsed(texts: Iterable[object]) -> pl.DataFrame:
    """[row, orders, views] of each text, null where it is null; BadInput if one is not a history."""
    given = [text if isinstance(text, str) else None for text in texts]
    rows = pl.DataFrame({"text": given}, {"text": pl.String}).with_row_index("row")
    try:
        found = rows.with_columns(pl.col("text").str.json_decode(HISTORY)).unnest("text")
    except pl.exceptions.PolarsError:
        raise _no_history() from None
    if found["orders"].null_count() + found["views"].null_count() > 2 * rows["text"].null_count():
        raise _no_history()
    return found.with_columns(pl.col("row").cast(pl.Int32))


def exploded(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """[row, and the fields of ``column``]: a row an order or a view, in their order."""
    listed = rows.select("row", column).filter(pl.col(column).list.len() > 0)
    return listed.explode(column).unnest(column)


def _no_history() -> BadInput:
    return BadInput(f"{COLUMN} has a text that is not orders and views as JSON: make it with features.item_history")


def _entries(rows: pl.DataFrame, codes: pl.DataFrame) -> Entries:
    known = rows.join(codes, on="product", how="inner", maintain_order="left")
    return Entries(*(known[name].to_numpy() for name in ("row", "item", "order", "days_ago")))
