"""What a recommender is fitted on: histories at cutoffs, and what was bought after them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.question import Question
from models.ranking.cosines import cosines
from models.ranking.histories import Codes, Histories, Matrix, decode, exploded, parsed
from models.ranking.items import Items, by_popularity, known_items
from models.sample import Floats

PARTNERS, TOGETHER = 20, 5
"""How many products are stored beside each as bought together with it, and in how many orders they must be together."""
Made = TypeVar("Made")
ITEMS = pl.Struct({"items": pl.List(pl.String)})
"""The content of ``next_items``."""


@dataclass(frozen=True)
class RankSample:
    """One row a customer and cutoff, over all products ``ids`` of the dataset, ascending.

    ``bought`` (n, products) has 1 for what was bought after the cutoff ``as_of`` (n,), in days since 1970-01-01 UTC.
    ``products`` are product_id, name and category, None without a catalogue.
    """

    histories: Histories
    bought: Matrix
    as_of: Floats
    ids: tuple[str, ...]
    products: pd.DataFrame | None
    question: Question

    def fitting(self, cutoff: float, rows: NDArray[np.bool_] | None = None) -> "Fitting":
        """What is known at ``cutoff``: of all customers, or of those of the mask ``rows`` (n,)."""
        own = np.ones(len(self.as_of), np.bool_) if rows is None else rows
        now = self.take(own & (self.as_of == cutoff), np.arange(len(self.ids), dtype=np.int32), len(self.ids))
        known = known_items(now)
        numbers = np.full(len(self.ids), -1, np.int32)
        numbers[known] = np.arange(len(known), dtype=np.int32)
        return Fitting(self, cutoff, own, known, numbers)

    def take(self, mask: NDArray[np.bool_], numbers: Codes, items_n: int) -> Histories:
        """The histories of the rows of a mask, with the products renumbered."""
        return self.histories.take(np.flatnonzero(mask), numbers, items_n)


@dataclass(frozen=True)
class Fitting:
    """A sample as it was known at ``cutoff``: ``known`` are the products' numbers in the sample, ``numbers`` the way
    back; ``rows`` is a mask of the customers to learn from."""

    sample: RankSample
    cutoff: float
    rows: NDArray[np.bool_]
    known: Codes
    numbers: Codes

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make()`` returned the first time: for what fits on it share, whatever their parameters."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    @cached_property
    def now(self) -> Histories:
        """All histories at the cutoff, over the known products."""
        return self.at(self.cutoff)

    def at(self, cutoff: float) -> Histories:
        """All histories at a cutoff, over the known products."""
        return self.sample.take(self.rows & (self.sample.as_of == cutoff), self.numbers, len(self.known))

    @cached_property
    def labelled(self) -> list[float]:
        """The cutoffs whose horizon has ended by now, oldest first."""
        over = self.sample.as_of + self.sample.question.horizon_days <= self.cutoff
        return [float(each) for each in np.unique(self.sample.as_of[over])]

    def bought_after(self, cutoff: float) -> Matrix:
        """(rows of ``at(cutoff)``, known products): 1 for what was bought after a cutoff that is labelled."""
        assert cutoff in self.labelled, "what was bought after this cutoff is not known yet"
        found = self.sample.bought[np.flatnonzero(self.rows & (self.sample.as_of == cutoff))][:, self.known].tocsr()
        found.sort_indices()
        return found

    @cached_property
    def partners(self) -> Matrix:
        """(products, products): the products nearest to each in the same orders."""
        return cosines(orders(self.now), shrink=1.0, most=PARTNERS, fewest=TOGETHER)

    @cached_property
    def items(self) -> Items:
        """The known products."""
        ids = tuple(self.sample.ids[number] for number in self.known)
        names, categories = (_texts(self.sample.products, ids, column) for column in ("name", "category"))
        return Items(ids, names, categories, by_popularity(self.now))


def orders(histories: Histories) -> Matrix:
    """(orders, products): 1 where an order has the product."""
    entries = histories.bought
    number = entries.row.astype(np.int64) * (int(entries.order.max(initial=0)) + 1) + entries.order
    distinct, order = np.unique(number, return_inverse=True)
    return csr_matrix((np.ones(len(order)), (order, entries.item)), (len(distinct), histories.items_n))


def sample_of(
    histories: Sequence[object],
    next_items: Sequence[object],
    as_of: Floats,
    products: pd.DataFrame | None,
    question: Question,
) -> RankSample:
    """The sample of a dataset's texts, one a row each; ``next_items`` may be null: nothing was bought."""
    after = pl.DataFrame(
        {"items": [text if isinstance(text, str) else None for text in next_items]}, {"items": pl.String}
    )
    after = after.with_row_index("row").with_columns(pl.col("items").str.json_decode(ITEMS)).unnest("items")
    after = after.filter(pl.col("items").list.len() > 0).explode("items")
    rows = parsed(histories)
    known = (exploded(rows, "orders")["products"].explode(), exploded(rows, "views")["product"], after["items"])
    ids = tuple(pl.concat(known).drop_nulls().unique().sort().to_list())
    place = {name: number for number, name in enumerate(ids)}
    columns = np.array([place[item] for item in after["items"]], dtype=np.int32)
    ones, shape = np.ones(len(columns)), (len(next_items), len(ids))
    bought = csr_matrix((ones, (after["row"].to_numpy(), columns)), shape=shape)
    return RankSample(decode(histories, place), bought, as_of, ids, products, question)


def _texts(products: pd.DataFrame | None, ids: tuple[str, ...], column: str) -> tuple[str, ...]:
    """A column of the catalogue in the order of ``ids``, empty where it has nothing."""
    if products is None or column not in products:
        return ("",) * len(ids)
    found = dict(zip(products["product_id"], products[column], strict=True))
    return tuple(value if isinstance(value := found.get(name), str) else "" for name in ids)
