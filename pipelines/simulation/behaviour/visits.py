"""Visits to the site and the app: before purchases, instead of them, and after a click in a campaign."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from features.tables import EVENTS
from pipelines.simulation.behaviour.baskets import Lines
from pipelines.simulation.behaviour.purchases import Purchases
from pipelines.simulation.people.lifetimes import activity
from pipelines.simulation.people.population import Population, customer_numbers, numbered
from pipelines.simulation.shop.product_catalogue import popular_place, product_of, sku
from pipelines.simulation.shop.segments import Bools, Floats, Ints, column, labels
from pipelines.simulation.shop.world import World

VISITS_PER_CUSTOMER = 2_000
"""Visit numbers set aside a customer, so that chunks never meet."""
GONE_BROWSING = 0.08
"""How much of their browsing is left once customers are gone."""
KINDS = EVENTS.levels("kind")
PAGE, SEARCH, LOOK = (KINDS.index(kind) for kind in ("page_view", "search", "product_view"))
CART, CHECKOUT, REMOVE = (KINDS.index(kind) for kind in ("add_to_cart", "checkout", "remove_from_cart"))
LOGIN, HELP, FEATURE = (KINDS.index(kind) for kind in ("login", "help", "feature_use"))
PAGES = ("price", "delivery", "returns")
NO_ORDER = -1
LOOKED_SHARE = 0.25
"""Share of order lines that were looked at in the visit itself; the others go into the cart from a list."""
SOUGHT_SHARE = 0.5
"""Share of looks, in visits before a purchase, that are at what is then bought."""
_SEARCHES, _REMOVES = 0.3, 0.2
_CARTS, _CARTS_BEFORE = 0.12, 0.30
"""Share of visits that leave a cart standing: idle ones, and those before a purchase, which recovers it."""
_CHECKOUTS = 0.3
"""Share of such carts with which the checkout was begun."""
_MINUTE = 1 / 1440


@dataclass(frozen=True)
class Visits:
    """One entry a visit that did not end in an order: whose it is, when it began, and which order it prepares."""

    customer: Ints
    at: Floats
    order: Ints
    """A position in the purchases; -1 if it leads to none."""


@dataclass(frozen=True)
class Steps:
    """One entry an event: which visit it belongs to, what it is and which minute of the visit it falls in."""

    visit: Ints
    kind: Ints
    minute: Floats
    page: Ints
    """A position in ``PAGES``; -1 for all but views of such a page."""


def draw_visits(
    rng: np.random.Generator,
    world: World,
    population: Population,
    purchases: Purchases,
    clicks: tuple[Ints, Floats],
) -> Visits:
    """Visits before purchases, idle browsing (which fades as the customer leaves), and clicks in campaigns."""
    orders = np.arange(len(purchases.customer))
    before = np.repeat(orders, rng.poisson(column("visits")[population.segment[purchases.customer]]))
    before_at = _hours(rng, np.floor(purchases.at[before] - 1 - rng.exponential(2, len(before))))
    idle, idle_at = _idle(rng, world, population, purchases)
    customer = np.concatenate([purchases.customer[before], idle, clicks[0]])
    at = np.concatenate([before_at, idle_at, clicks[1]])
    order = np.concatenate([before, np.full(len(idle) + len(clicks[0]), NO_ORDER)])
    inside = (at >= 0) & (at < world.days - 0.02)
    return Visits(customer[inside], at[inside], order[inside])


def _idle(rng: np.random.Generator, world: World, population: Population, purchases: Purchases) -> tuple[Ints, Floats]:
    begin = population.registered
    customer = np.repeat(np.arange(population.size), rng.poisson(population.browsing * (world.days - begin)))
    at = _hours(rng, np.floor(begin[customer] + rng.random(len(customer)) * (world.days - begin)[customer]))
    happens = rng.random(len(at)) < activity(purchases.fading_from[customer], at, GONE_BROWSING)
    return customer[happens], at[happens]


def _hours(rng: np.random.Generator, day: Floats) -> Floats:
    return np.asarray(day + rng.triangular(7, 20, 23.5, len(day)) / 24, dtype=np.float64)


def browsing_events(rng: np.random.Generator, population: Population, lines: Lines, visits: Visits) -> pl.DataFrame:
    """A page, perhaps a search, some products, now and then a cart left standing."""
    steps = _steps(rng, population, visits)
    product = _products(rng, population, lines, visits)[steps.visit]
    # What is put in the cart is what was looked at first.
    looks = steps.kind == LOOK
    other = product_of(
        _favoured_category(rng, population, visits.customer[steps.visit]), popular_place(rng, len(product))
    )
    product = np.where(looks & (steps.minute >= 3), other, product)
    number = numbered("V", population.first * VISITS_PER_CUSTOMER + steps.visit, 10)
    at = visits.at[steps.visit] + (steps.minute + 0.9 * rng.random(len(product))) * _MINUTE
    return event_rows(
        rng, population, visits.customer[steps.visit], at, steps.kind, number, product=product, page=steps.page
    )


def _steps(rng: np.random.Generator, population: Population, visits: Visits) -> Steps:
    visit, before = np.arange(len(visits.customer)), visits.order != NO_ORDER
    searches = visit[rng.random(len(visit)) < _SEARCHES]
    looks_n = 1 + rng.poisson(0.6, len(visit))
    looks = np.repeat(visit, looks_n)
    # A minute each, so that nothing happens twice at once and looks like a duplicate.
    look = np.arange(len(looks)) - np.repeat(np.cumsum(looks_n) - looks_n, looks_n)
    carts = visit[rng.random(len(visit)) < np.where(before, _CARTS_BEFORE, _CARTS)]
    checkouts = carts[rng.random(len(carts)) < _CHECKOUTS]
    removes = carts[rng.random(len(carts)) < _REMOVES]
    pages, page = _info_pages(rng, population, visits)
    which = [visit, searches, looks, carts, checkouts, removes, pages]
    kinds = np.repeat([PAGE, SEARCH, LOOK, CART, CHECKOUT, REMOVE, PAGE], [len(part) for part in which])
    after = looks_n + 2
    begin = [0 * visit, 0 * searches + 1, look + 2]
    minute = [*begin, after[carts], after[checkouts] + 1, after[removes] + 2, after[pages] + 3 + page]
    seen = np.full(len(kinds), -1)
    seen[len(seen) - len(page) :] = page
    return Steps(np.concatenate(which), kinds, np.concatenate(minute).astype(np.float64), seen)


def _info_pages(rng: np.random.Generator, population: Population, visits: Visits) -> tuple[Ints, Ints]:
    """Views of the price list by those who mind prices, and of delivery by those who are about to buy."""
    before, mind = visits.order != NO_ORDER, population.price_sensitivity[visits.customer]
    price = np.flatnonzero(rng.random(len(mind)) < np.where(before, 0.05, 0.4 * mind))
    delivery = np.flatnonzero(rng.random(len(mind)) < np.where(before, 0.30, 0.04))
    return np.concatenate([price, delivery]), np.repeat([0, 1], [len(price), len(delivery)])


def _products(rng: np.random.Generator, population: Population, lines: Lines, visits: Visits) -> Ints:
    """What each visit is about: before a purchase often what is then bought, else something popular they like."""
    liked = product_of(_favoured_category(rng, population, visits.customer), popular_place(rng, len(visits.customer)))
    first_line = np.searchsorted(lines.order, np.maximum(visits.order, 0))
    sought = (visits.order != NO_ORDER) & (rng.random(len(liked)) < SOUGHT_SHARE)
    return np.where(sought, lines.product[np.minimum(first_line, len(lines.product) - 1)], liked)


def order_events(
    rng: np.random.Generator, population: Population, purchases: Purchases, lines: Lines, channel: pl.Series
) -> pl.DataFrame:
    """The visit that ended in an order: products put in the cart, some looked at before, then the checkout."""
    digital = channel.is_in(["web", "app"]).to_numpy()
    line = np.flatnonzero(digital)
    order = lines.order[line]
    first = np.flatnonzero(np.diff(order, prepend=-1))
    looked = rng.random(len(line)) < LOOKED_SHARE
    which = np.concatenate([order[looked], order, order[first]])
    product = np.concatenate([lines.product[line][looked], lines.product[line], lines.product[line][first]])
    sizes = [int(looked.sum()), len(line), len(first)]
    minutes = np.repeat([20, 10, 1], sizes) - np.repeat([9, 8, 1], sizes) * rng.random(len(which))
    at = purchases.at[which] - minutes * _MINUTE
    number = numbered("V", (population.first + population.size) * VISITS_PER_CUSTOMER - 1 - which, 10)
    kind = np.repeat([LOOK, CART, CHECKOUT], sizes)
    return event_rows(rng, population, purchases.customer[which], at, kind, number, product=product, ordered=True)


def event_rows(
    rng: np.random.Generator,
    population: Population,
    customer: Ints,
    at: Floats,
    kind: Ints,
    visit: pl.Series,
    product: Ints | None = None,
    feature: pl.Series | None = None,
    page: Ints | None = None,
    ordered: bool = False,
) -> pl.DataFrame:
    """Events as the site writes them; only a product looked at, put in or taken out of the cart is named."""
    named: Bools = np.isin(kind, (LOOK, CART, REMOVE))
    nothing = pl.repeat(None, len(at), dtype=pl.String, eager=True)
    frame = pl.DataFrame(
        {
            "_at": at,
            "_ordered": pl.repeat(ordered, len(at), eager=True),
            "customer_no": customer_numbers(population, customer),
            "event": labels(KINDS, kind),
            "visit": visit,
            "sku": nothing if product is None else sku(product),
            "feature": nothing if feature is None else feature,
            "page": nothing if page is None else labels((*PAGES, ""), page % (len(PAGES) + 1)),
            "seconds": np.round(rng.gamma(1.5, 20, len(at))),
            "device": labels(("web", "app"), (population.digital[customer] > 0.7).astype(np.int64)),
        }
    )
    return frame.with_columns(
        sku=pl.when(pl.Series(named)).then("sku"), page=pl.when(pl.col("page") != "").then("page")
    ).filter(pl.col("_at") >= 0)


def _favoured_category(rng: np.random.Generator, population: Population, customer: Ints) -> Ints:
    bounds = np.cumsum(population.tastes, axis=1)[customer]
    return np.asarray(
        np.minimum((bounds < rng.random(len(customer))[:, None]).sum(axis=1), bounds.shape[1] - 1), dtype=np.int64
    )
