"""One customer's list over HTTP."""

from typing import Literal

from pydantic import BaseModel


class Item(BaseModel):
    """A product on the list. ``why`` is counted from the customer's own history; ``score`` is the ranker's own and
    never rises down the list, 0 for what is there because everybody buys it."""

    product_id: str
    name: str | None
    category: str | None
    kind: Literal["repeat", "new"]
    score: float
    why: str


class Affinity(BaseModel):
    """The share in [0, 1] of what the customer bought that is of a category, purchases of long ago counting less."""

    category: str
    share: float


class Answer(BaseModel):
    """Products, best first, and categories, largest share first; empty with a reason for people without an order."""

    items: list[Item]
    categories: list[Affinity]
    horizon_days: float
    reason: str | None = None
