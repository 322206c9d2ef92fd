"""The products a recommender knows: their ids, names and categories, and which are bought most."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.errors import BadArtifact
from models.plain import array_bytes, array_from, json_bytes, json_from
from models.ranking.histories import Codes, Histories

FEWEST_ORDERS = 3
"""A product in fewer orders is not known: what was sold once or twice is hardly ever sold to anybody again."""
MOST_ITEMS = 50_000
"""The most bought products, at most so many, are known."""
POPULAR_DAYS = 60
"""What everybody buys is counted over the customers of the last so many days: tastes and seasons pass."""


@dataclass(frozen=True)
class Items:
    """``ids`` are ascending; ``names`` and ``categories`` are in their order, empty where there is none.

    ``popular`` are all their numbers, the most popular first.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    popular: Codes

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def place(self) -> dict[str, int]:
        """The number of each product."""
        return {name: number for number, name in enumerate(self.ids)}

    @cached_property
    def popularity_rank(self) -> Codes:
        """(n,) the place of each product in ``popular``."""
        rank = np.empty(len(self.ids), np.int32)
        rank[self.popular] = np.arange(len(self.ids), dtype=np.int32)
        return rank

    def title(self, number: int) -> str:
        """The product's name for people, else its id."""
        return self.names[number] or self.ids[number]


def known_items(histories: Histories) -> Codes:
    """Numbers of the products to know, ascending: in enough orders, and among the most bought."""
    orders = np.bincount(histories.bought.item, minlength=histories.items_n)
    most_bought = np.lexsort((np.arange(len(orders)), -orders))[:MOST_ITEMS]
    return np.sort(most_bought[orders[most_bought] >= FEWEST_ORDERS]).astype(np.int32)


def by_popularity(histories: Histories) -> Codes:
    """All products, most customers within ``POPULAR_DAYS`` first; equal ones by customers ever, then by number."""
    ever = np.asarray(histories.owned().sum(axis=0)).ravel()
    recent = histories.newest() & (histories.bought.days_ago < POPULAR_DAYS)
    lately = np.bincount(histories.bought.item[recent], minlength=histories.items_n)
    return np.lexsort((np.arange(histories.items_n), -ever, -lately)).astype(np.int32)


def dump_items(items: Items) -> dict[str, bytes]:
    """Texts as JSON, the order as an array."""
    texts = {"ids": list(items.ids), "names": list(items.names), "categories": list(items.categories)}
    return {"items.json": json_bytes(texts), "items_popular.npy": array_bytes(items.popular)}


def load_items(files: Mapping[str, bytes]) -> Items:
    """What :func:`dump_items` wrote; BadArtifact if its parts do not fit together."""
    texts = json_from(files, "items.json")
    ids, names, categories = (tuple(map(str, texts[key])) for key in ("ids", "names", "categories"))
    popular = array_from(files, "items_popular.npy", np.int32, (len(ids),))
    if not len(ids) == len(names) == len(categories) or sorted(popular.tolist()) != list(range(len(ids))):
        raise BadArtifact("the products of the recommender contradict each other: train it again")
    return Items(ids, names, categories, popular)
