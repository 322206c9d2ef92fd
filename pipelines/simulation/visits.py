"""Visits to the site and the app: before purchases, instead of them, and after a click in a newsletter."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.baskets import Lines
from pipelines.simulation.catalogue import popular_place, product_of, sku
from pipelines.simulation.population import Population, customer_numbers, numbered
from pipelines.simulation.purchases import Purchases
from pipelines.simulation.segments import Floats, Ints, column, labels
from pipelines.simulation.world import World

VISITS_PER_CUSTOMER = 2_000
"""Visit numbers set aside a customer, so that chunks never meet."""
GONE_BROWSING = 0.10
"""How much of their browsing is left once customers are gone."""
KINDS = ("page_view", "search", "product_view", "add_to_cart", "checkout")
_SEARCHES, _CARTS = 0.3, 0.15
_MINUTE = 1 / 1440


@dataclass(frozen=True)
class Visits:
    """One entry a visit that did not end in an order: whose it is, when it began."""

    customer: Ints
    at: Floats


def draw_visits(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, clicks: pl.DataFrame
) -> Visits:
    """Visits before purchases, idle browsing (which fades once the customer is gone), and clicks in newsletters."""
    before = np.repeat(
        np.arange(len(purchases.customer)), rng.poisson(column("visits")[population.segment[purchases.customer]])
    )
    before_at = np.floor(purchases.at[before] - 1 - rng.exponential(2, len(before)))
    gone_at = np.minimum(purchases.dropout_at, world.days)
    alive = _browsing(rng, population, population.joined, gone_at, 1.0)
    gone = _browsing(rng, population, gone_at, np.full(population.size, float(world.days)), GONE_BROWSING)
    customer = np.concatenate([purchases.customer[before], alive[0], gone[0]])
    day = np.concatenate([before_at, alive[1], gone[1]])
    at = day + rng.triangular(7, 20, 23.5, len(day)) / 24
    customer = np.concatenate([customer, clicks["_customer"].to_numpy()])
    at = np.concatenate([at, clicks["_at"].to_numpy()])
    inside = (at >= 0) & (at < world.days - 0.02)
    return Visits(customer[inside], at[inside])


def _browsing(
    rng: np.random.Generator, population: Population, begin: Floats, end: Floats, share: float
) -> tuple[Ints, Floats]:
    visits_n = rng.poisson(population.browsing * share * np.maximum(end - begin, 0))
    customer = np.repeat(np.arange(population.size), visits_n)
    day = np.floor(begin[customer] + rng.random(len(customer)) * (end - begin)[customer])
    return customer, day


def browsing_events(rng: np.random.Generator, population: Population, visits: Visits) -> pl.DataFrame:
    """A page, perhaps a search, some products, now and then a cart left standing."""
    visit = np.arange(len(visits.customer))
    searches = visit[rng.random(len(visit)) < _SEARCHES]
    looks_n = 1 + rng.poisson(1.0, len(visit))
    looks = np.repeat(visit, looks_n)
    # A minute each, so that nothing happens twice at once and looks like a duplicate.
    look = np.arange(len(looks)) - np.repeat(np.cumsum(looks_n) - looks_n, looks_n)
    carts = visit[rng.random(len(visit)) < _CARTS]
    which = np.concatenate([visit, searches, looks, carts])
    sizes = [len(visit), len(searches), len(looks), len(carts)]
    category = _favoured_category(rng, population, visits.customer)[which]
    product = product_of(category, popular_place(rng, len(which)))
    minute = np.concatenate([0 * visit, 0 * searches + 1, look + 2, looks_n[carts] + 2])
    at = visits.at[which] + (minute + 0.9 * rng.random(len(which))) * _MINUTE
    number = population.first * VISITS_PER_CUSTOMER + which
    return _events(rng, population, visits.customer[which], at, np.repeat([0, 1, 2, 3], sizes), number, product)


def order_events(
    rng: np.random.Generator, population: Population, purchases: Purchases, lines: Lines, channel: pl.Series
) -> pl.DataFrame:
    """The visit that ended in an order: each product looked at and put in the cart, then the checkout."""
    digital = channel.is_in(["web", "app"]).to_numpy()
    line = np.flatnonzero(digital)
    order = lines.order[line]
    first = np.flatnonzero(np.diff(order, prepend=-1))
    which = np.concatenate([order, order, order[first]])
    product = np.concatenate([lines.product[line], lines.product[line], lines.product[line][first]])
    sizes = [len(line), len(line), len(first)]
    minutes = np.repeat([20, 10, 1], sizes) - np.repeat([9, 8, 1], sizes) * rng.random(len(which))
    at = purchases.at[which] - minutes * _MINUTE
    number = (population.first + population.size) * VISITS_PER_CUSTOMER - 1 - which
    return _events(rng, population, purchases.customer[which], at, np.repeat([2, 3, 4], sizes), number, product)


def _events(
    rng: np.random.Generator,
    population: Population,
    customer: Ints,
    at: Floats,
    kind: Ints,
    visit: Ints,
    product: Ints,
) -> pl.DataFrame:
    """What happened in the visits; only a product looked at or put in the cart is named."""
    frame = pl.DataFrame(
        {
            "_at": at,
            "customer_no": customer_numbers(population, customer),
            "event": labels(KINDS, kind),
            "visit": numbered("V", visit, 10),
            "sku": sku(product),
            "seconds": np.round(rng.gamma(1.5, 20, len(at))),
            "device": labels(("web", "app"), (population.digital[customer] > 0.7).astype(np.int64)),
        }
    )
    named = pl.col("event").is_in(["product_view", "add_to_cart"])
    return frame.with_columns(pl.when(named).then(pl.col("sku")).alias("sku")).filter(pl.col("_at") >= 0)


def _favoured_category(rng: np.random.Generator, population: Population, customer: Ints) -> Ints:
    bounds = np.cumsum(population.tastes, axis=1)[customer]
    return np.asarray(
        np.minimum((bounds < rng.random(len(customer))[:, None]).sum(axis=1), bounds.shape[1] - 1), dtype=np.int64
    )
