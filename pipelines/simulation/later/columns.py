"""Further columns of tables: who recommended the shop, why they buy, what they searched for and read, what it cost."""

import numpy as np
import polars as pl

from pipelines.simulation.exports.dirt import Table
from pipelines.simulation.later.plan import topic_of
from pipelines.simulation.shop.product_catalogue import CATEGORIES
from pipelines.simulation.shop.segments import Ints, labels

Rows = dict[Table, pl.DataFrame]

MOTIVATIONS = ("price", "quality", "convenience")
LIFESTYLES = ("at home", "out and about", "online")
VALUES = ("family", "sustainability; quality", "thrift", "novelty; style")
NAMES_ITS_FRIEND = 0.7
"""Share of those who came by a friend and say which."""
ANSWERS = 0.6
"""Share of customers who said why they buy and how they live."""
TRUE_TO_PRICE = 0.75
"""Share of those who mind prices most who also say so."""
FINDS_NOTHING = 0.12
READS = 0.4
"""Share of page views that are of a guide to a category."""
COSTS = {"email": 0.004, "sms": 0.06, "push": 0.001, "social": 0.02, "event": 6.0, "ads": 0.15}
"""What one contact costs the shop, by channel."""
SEASONS = {"garden": "spring", "toys": "winter", "gifts": "winter", "stationery": "autumn"}


def with_later_columns(rng: np.random.Generator, rows: Rows, truth: pl.DataFrame) -> Rows:
    """The chunk's rows with the further columns of customers, events and touches."""
    customers = _with_answers(rng, _with_friends(rng, rows["customers"]), truth)
    events = _with_reading(rng, _with_searches(rng, rows["events"]))
    return {**rows, "customers": customers, "events": events, "touches": _with_costs(rng, rows["touches"])}


def with_theme(rng: np.random.Generator, products: pl.DataFrame) -> pl.DataFrame:
    """The product catalogue with its themes and the season in which a product is wanted."""
    bestseller = pl.Series(rng.random(products.height) < 0.1)
    theme = pl.col("title").str.split(" ").list.get(0)
    return products.with_columns(
        themes=pl.when(bestseller).then(pl.concat_str(theme, pl.lit(";bestseller"))).otherwise(theme),
        season=pl.col("category").replace_strict(SEASONS, default=None, return_dtype=pl.String),
    )


def _with_friends(rng: np.random.Generator, customers: pl.DataFrame) -> pl.DataFrame:
    """A customer who came by a friend names somebody who registered before them."""
    people = customers.unique("customer_no", keep="first", maintain_order=True).sort("_registered", maintain_order=True)
    place = np.arange(people.height)
    friend = np.asarray(rng.random(people.height) * place, dtype=np.int64)
    named = (rng.random(people.height) < NAMES_ITS_FRIEND) & (place > 0)
    known = people.select("customer_no", referred_by=people["customer_no"].gather(friend))
    known = known.with_columns(referred_by=pl.when(pl.Series(named)).then("referred_by"))
    by_friend = pl.when(pl.col("reached_by") == "friend").then("referred_by")
    joined = customers.join(known, on="customer_no", how="left", maintain_order="left")
    return joined.with_columns(referred_by=by_friend)


def _with_answers(rng: np.random.Generator, customers: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Why they buy (those who mind prices say so, mostly), how they live, and what matters to them."""
    size = truth.height
    minds = truth["price_sensitivity"].to_numpy() > 0.6
    motive = np.where(minds & (rng.random(size) < TRUE_TO_PRICE), 0, rng.integers(1, len(MOTIVATIONS), size))
    answered = pl.Series(rng.random(size) < ANSWERS)
    said = {
        "motivation": labels(MOTIVATIONS, motive),
        "lifestyle": labels(LIFESTYLES, rng.integers(len(LIFESTYLES), size=size)),
        "values": labels(VALUES, rng.integers(len(VALUES), size=size)),
    }
    answers = truth.select("customer_no").with_columns(
        pl.when(answered).then(text).alias(n) for n, text in said.items()
    )
    return customers.join(answers, on="customer_no", how="left", maintain_order="left")


def _with_searches(rng: np.random.Generator, events: pl.DataFrame) -> pl.DataFrame:
    """Words of searches: a category, or its best-known kind; a few find nothing."""
    size = events.height
    words = labels(CATEGORIES, _skewed(rng, size))
    found = np.where(rng.random(size) < FINDS_NOTHING, 0, 1 + rng.poisson(12, size))
    searched = pl.col("event") == "search"
    return events.with_columns(
        words=pl.when(searched).then(words), results=pl.when(searched).then(pl.Series(found, dtype=pl.Int64))
    )


def _with_reading(rng: np.random.Generator, events: pl.DataFrame) -> pl.DataFrame:
    """Page views that are no view of prices or delivery: a guide to a category, or the front page."""
    guide = labels(tuple(f"guide/{name}" for name in CATEGORIES), _skewed(rng, events.height))
    reads = pl.Series(rng.random(events.height) < READS)
    seen = pl.when(reads).then(guide).otherwise(pl.lit("front"))
    return events.with_columns(address=pl.when(pl.col("event") == "page_view").then(pl.coalesce("page", seen)))


def _with_costs(rng: np.random.Generator, touches: pl.DataFrame) -> pl.DataFrame:
    """The topic of the campaign, the version of the message, and what sending it cost."""
    cost = pl.col("channel").replace_strict(COSTS, default=None, return_dtype=pl.Float64)
    return touches.with_columns(
        topic=topic_of(pl.col("campaign")),
        version=pl.when(pl.col("reaction") == "sent").then(labels(("a", "b"), rng.integers(2, size=touches.height))),
        cost=pl.when(pl.col("reaction") == "sent").then(cost),
    )


def _skewed(rng: np.random.Generator, size: int) -> Ints:
    """A category for each; the first ones are the usual ones."""
    return np.asarray(len(CATEGORIES) * rng.random(size) ** 2, dtype=np.int64)
