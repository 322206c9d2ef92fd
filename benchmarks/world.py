"""A synthetic shop with every canonical table: what the benchmarks of all families count from.

The same seed gives the same bytes. What customers do means nothing; how much of it there is, and how its columns are
filled, is that of a shop with an app, e-mail campaigns and contracts.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

START = np.datetime64("2024-01-01T00:00:00", "us")
DAYS = 730
PRODUCTS = 2000
# Rows a customer; real customers have a few of each, a few have hundreds.
ORDERS, EVENTS, TOUCHES, FEEDBACK = 8, 40, 30, 2

Frames = dict[str, pl.DataFrame]


class Draw:
    """Columns of random values for ``n`` customers, with some null."""

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        self.random = np.random.default_rng(seed)

    def whose(self, rows_a_customer: int) -> NDArray[np.int64]:
        """Customer numbers: everybody once at least, some much more often."""
        rows_n = self.random.poisson(self.random.exponential(rows_a_customer, self.n)) + 1
        return np.repeat(np.arange(self.n), rows_n)

    def at(self, rows_n: int) -> pl.Series:
        return pl.Series(START + self.random.integers(0, DAYS * 86_400_000_000, rows_n).astype("timedelta64[us]"))

    def one(self, rows_n: int, *values: str | None) -> pl.Series:
        """One of ``values`` in each row."""
        return pl.Series(values, dtype=pl.String).gather(self.random.integers(0, len(values), rows_n))

    def named(self, prefix: str, numbers: NDArray[np.int64]) -> pl.Series:
        return pl.select(pl.lit(prefix) + pl.Series(numbers).cast(pl.String)).to_series()

    def maybe(self, values: pl.Series, share: float) -> pl.Series:
        """``values``, a ``share`` of them null."""
        return only(values, pl.Series(self.random.random(len(values)) >= share))


def only(values: pl.Series, kept: pl.Series) -> pl.Series:
    """``values`` where ``kept``, else null."""
    return values.zip_with(kept, pl.Series([None], dtype=values.dtype).new_from_index(0, len(values)))


def world(customers: int, seed: int = 1) -> Frames:
    """All canonical tables of ``customers`` customers c0, c1, ...; every 100th has a second id."""
    draw = Draw(customers, seed)
    tables = {
        "orders": _orders(draw),
        "products": _products(draw),
        "customers": _customers(draw),
        "events": _events(draw),
        "touches": _touches(draw),
        "feedback": _feedback(draw),
        "subscriptions": _subscriptions(draw),
    }
    return tables | {"identities": _identities(customers)}


def own(frames: Frames, customer: str) -> Frames:
    """The rows of one customer, under all their ids, and of the products they touched: what a request carries."""
    aliases = frames["identities"].filter(pl.col("customer_id") == customer)["alias_id"].to_list()
    whose = pl.col("customer_id").is_in([customer, *aliases])
    mine = {name: rows.filter(whose) for name, rows in frames.items() if name != "products"}
    touched = pl.concat([mine["orders"]["product_id"], mine["events"]["product_id"]]).unique()
    return mine | {"products": frames["products"].filter(pl.col("product_id").is_in(touched.drop_nulls().implode()))}


def _orders(draw: Draw) -> pl.DataFrame:
    whose = draw.whose(ORDERS)
    at, lines_n = draw.at(len(whose)), draw.random.integers(1, 6, len(whose))
    order = np.repeat(np.arange(len(whose)), lines_n)
    n = len(order)
    return pl.DataFrame(
        {
            "order_id": draw.named("o", order),
            "customer_id": draw.named("c", whose[order]),
            "at": at.gather(order),
            "product_id": draw.maybe(draw.named("p", draw.random.integers(0, PRODUCTS, n)), 0.02),
            "quantity": draw.random.integers(1, 9, n).astype(float),
            "unit_price": draw.random.lognormal(2, 0.8, n).round(2),
            "discount": draw.maybe(pl.Series(draw.random.random(n).round(2)), 0.7),
            "channel": draw.one(len(whose), "web", "store", "app").gather(order),
            "kind": draw.one(len(whose), *["sale"] * 19, "return").gather(order),
        }
    )


def _products(draw: Draw) -> pl.DataFrame:
    number = np.arange(PRODUCTS)
    return pl.DataFrame(
        {
            "product_id": draw.named("p", number),
            "category": draw.maybe(draw.named("k", number % 40), 0.1),
            "price": draw.maybe(pl.Series(draw.random.lognormal(2, 0.8, PRODUCTS).round(2)), 0.1),
        }
    )


def _customers(draw: Draw) -> pl.DataFrame:
    n = draw.n
    business = draw.random.random(n) < 0.1
    return pl.DataFrame(
        {
            "customer_id": draw.named("c", np.arange(n)),
            "signed_up_at": draw.maybe(draw.at(n), 0.1),
            "birth_year": draw.maybe(pl.Series(draw.random.integers(1940, 2003, n)), 0.2),
            "gender": draw.one(n, "female", "male", None),
            "country": draw.one(n, "United Kingdom", "France", "Germany", None),
            "region": draw.one(n, "North", "South", None),
            "urbanity": draw.one(n, "city", "suburb", "country", None),
            "interests": draw.one(n, "music; sports", "cooking", None),
            "acquisition_channel": draw.one(n, "search", "referral", "store", None),
            "company_id": only(draw.named("b", np.arange(n) // 30), pl.Series(business)),
            "sector": draw.one(n, "retail", "hotels", None),
            "status": draw.one(n, "lead", "customer", "closed"),
            "consent": pl.Series(draw.random.random(n) < 0.8),
        }
    )


def _events(draw: Draw) -> pl.DataFrame:
    whose = draw.whose(EVENTS)
    n = len(whose)
    views = ["page_view"] * 4 + ["product_view"] * 4
    kind = draw.one(n, *views, "search", "add_to_cart", "remove_from_cart", "checkout", "feature_use", "login", "help")
    goods = kind.is_in(["product_view", "add_to_cart", "remove_from_cart"])
    product = draw.named("p", draw.random.integers(0, PRODUCTS, n))
    return pl.DataFrame(
        {
            "customer_id": draw.named("c", whose),
            "at": draw.at(n),
            "kind": kind,
            "session_id": draw.maybe(draw.named("s", whose * 1000 + draw.random.integers(0, EVENTS, n)), 0.05),
            "product_id": only(product, goods),
            "feature": draw.one(n, "page:price", "page:home", "alerts", "export", None),
            "duration_s": draw.maybe(pl.Series(draw.random.integers(0, 600, n).astype(float)), 0.1),
            "channel": draw.one(n, "web", "app"),
        }
    )


def _touches(draw: Draw) -> pl.DataFrame:
    whose = draw.whose(TOUCHES)
    n = len(whose)
    return pl.DataFrame(
        {
            "customer_id": draw.named("c", whose),
            "at": draw.at(n),
            "campaign_id": draw.named("m", draw.random.integers(0, 60, n)),
            "channel": draw.one(n, "email", "email", "email", "push", "sms", "social", "ads"),
            "kind": draw.one(n, "sent", "sent", "sent", "open", "click", "unsubscribe", "share"),
        }
    )


def _feedback(draw: Draw) -> pl.DataFrame:
    whose = draw.whose(FEEDBACK)
    n = len(whose)
    return pl.DataFrame(
        {
            "customer_id": draw.named("c", whose),
            "at": draw.at(n),
            "kind": draw.one(n, "nps", "csat", "review"),
            "score": draw.random.integers(1, 6, n).astype(float),
            "topic": draw.one(n, "price", "quality", "delivery", "service", "product", None),
            "sentiment": draw.maybe(pl.Series(draw.random.uniform(-1, 1, n).round(6)), 0.3),
        }
    )


def _subscriptions(draw: Draw) -> pl.DataFrame:
    n = max(draw.n // 3, 1)
    started = draw.at(n)
    ended = started + pl.Series((draw.random.integers(30, 500, n) * 86_400_000_000).astype("timedelta64[us]"))
    return pl.DataFrame(
        {
            "customer_id": draw.named("c", draw.random.permutation(draw.n)[:n]),
            "plan": draw.one(n, "basic", "plus"),
            "price": 5.0,
            "started_at": started,
            "renews_at": started.dt.offset_by("365d"),
            "ended_at": draw.maybe(ended, 0.5),
        }
    )


def _identities(customers: int) -> pl.DataFrame:
    first = np.arange(0, customers, 100)
    aliases = [f"a{number}" for number in first]
    mains = [f"c{number}" for number in first]
    known = pl.Series([None] * len(first), dtype=pl.Datetime("us"))
    return pl.DataFrame({"alias_id": aliases, "customer_id": mains, "known_at": known})
