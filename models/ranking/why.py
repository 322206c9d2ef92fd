"""Why a product stands on a list, counted from the customer's own history; nothing is claimed about causes."""

from dataclasses import dataclass

import numpy as np

from models.ranking.histories import Histories, Matrix
from models.ranking.items import Items

REPEAT, NEW = "repeat", "new"
SEEN_DAYS = 30
"""A product counts as looked at for so many days."""
BASKETS = 3
"""A complement belongs to what is in so many of the newest orders."""


@dataclass(frozen=True)
class Past:
    """One customer's history: days before as_of of each product's orders, newest first, what they looked at, and the
    products of their newest orders, newest first."""

    bought: dict[int, list[int]]
    seen: dict[int, int]
    last: list[int]


def pasts(histories: Histories) -> list[Past]:
    """One a row."""
    found = [Past({}, {}, []) for _ in range(len(histories))]
    entries = histories.bought
    for row, item, order, days_ago in zip(entries.row, entries.item, entries.order, entries.days_ago, strict=True):
        past = found[row]
        past.bought.setdefault(int(item), []).append(int(days_ago))
        if order < BASKETS:
            past.last.append(int(item))
    for row, item, days_ago in zip(histories.seen.row, histories.seen.item, histories.seen.days_ago, strict=True):
        if days_ago < SEEN_DAYS:
            found[row].seen[int(item)] = int(days_ago)
    return found


def why(item: int, past: Past, items: Items, partners: Matrix) -> tuple[str, str]:
    """(repeat or new, the reason): bought before, looked at, often bought together with what was bought or looked at
    last, or popular."""
    if item in past.bought:
        return REPEAT, bought_before(past.bought[item])
    if item in past.seen:
        return NEW, f"looked at {ago(past.seen[item])}"
    together = partners.indices[partners.indptr[item] : partners.indptr[item + 1]]
    for other in past.seen:
        if other in together:
            return NEW, f"often bought together with {items.title(other)}, which was looked at {ago(past.seen[other])}"
    for other in past.last:
        if other in together:
            return NEW, f"often bought together with {items.title(other)}"
    if items.popularity_rank[item] < len(items) / 10:
        return NEW, "among the products bought most lately"
    return NEW, "bought by customers with similar orders"


def bought_before(days_ago: list[int]) -> str:
    """How often, and how regularly if that can be said.

    >>> bought_before([12]), bought_before([3, 9]), bought_before([5, 24, 45, 66])
    ('bought once, 12 days ago', 'bought twice, last 3 days ago', 'bought 4 times, usually every 21 days')
    """
    if len(days_ago) == 1:
        return f"bought once, {ago(days_ago[0])}"
    times = "twice" if len(days_ago) == 2 else f"{len(days_ago)} times"
    gaps = np.diff(sorted(set(days_ago)))
    if len(gaps) < 2:
        return f"bought {times}, last {ago(days_ago[0])}"
    typical = round(float(np.median(gaps)))
    return f"bought {times}, usually every {typical} days" if typical > 1 else f"bought {times}, usually every day"


def ago(days: int) -> str:
    """In words.

    >>> ago(0), ago(1), ago(12)
    ('today', 'yesterday', '12 days ago')
    """
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
