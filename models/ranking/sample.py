"""What a recommender is fitted on: histories at cutoffs, and what was bought after them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.question import Question
from models.ranking.histories import Codes, Histories, Matrix, decode
from models.ranking.items import Items, by_popularity, known_items
from models.sample import Floats


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
        return self.sample.bought[np.flatnonzero(self.rows & (self.sample.as_of == cutoff))][:, self.known]

    @cached_property
    def items(self) -> Items:
        """The known products."""
        ids = tuple(self.sample.ids[number] for number in self.known)
        names, categories = (_texts(self.sample.products, ids, column) for column in ("name", "category"))
        return Items(ids, names, categories, by_popularity(self.now))


def sample_of(
    histories: Sequence[object],
    next_items: Sequence[object],
    as_of: Floats,
    products: pd.DataFrame | None,
    question: Question,
) -> RankSample:
    """The sample of a dataset's texts, one a row each; ``next_items`` may be null: nothing was bought."""
    bought = [json.loads(text)["items"] if isinstance(text, str) else [] for text in next_items]
    ids = tuple(sorted({*_products_in(histories), *(item for items in bought for item in items)}))
    place = {name: number for number, name in enumerate(ids)}
    columns = np.array([place[item] for items in bought for item in items], dtype=np.int32)
    starts = np.cumsum([0, *map(len, bought)])
    after = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(bought), len(ids)))
    return RankSample(decode(histories, place), after, as_of, ids, products, question)


def _products_in(histories: Iterable[object]) -> set[str]:
    found: set[str] = set()
    for text in histories:
        if isinstance(text, str):
            known = json.loads(text)
            found.update(product for order in known["orders"] for product in order["products"])
            found.update(view["product"] for view in known["views"])
    return found


def _texts(products: pd.DataFrame | None, ids: tuple[str, ...], column: str) -> tuple[str, ...]:
    """A column of the catalogue in the order of ``ids``, empty where it has nothing."""
    if products is None or column not in products:
        return ("",) * len(ids)
    found = dict(zip(products["product_id"], products[column], strict=True))
    return tuple(value if isinstance(value := found.get(name), str) else "" for name in ids)
