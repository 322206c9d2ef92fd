"""What is in an order, and what comes back."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.behaviour.purchases import Purchases
from pipelines.simulation.people.population import Population, customer_numbers, numbered
from pipelines.simulation.shop.product_catalogue import (
    PRODUCTS_N,
    PRODUCTS_PER_CATEGORY,
    RETURN_FACTOR,
    category_demand,
    popular_place,
    product_of,
    sku,
)
from pipelines.simulation.shop.segments import SEGMENTS, Bools, Floats, Ints, column, labels
from pipelines.simulation.shop.world import World, month_of, promotion_at

ORDER_NUMBERS_PER_CUSTOMER = 2_000
"""Order numbers set aside a customer, so that chunks never meet. Purchase rates are bounded well below."""
CHANNELS = ("web", "app", "store")
LATE_SHARE = 0.03
"""Share of the stores' orders that are booked days after they were made: about one line in a hundred of all."""
LATE_DAYS = (2, 9)
VOUCHERS = 0.85
"""Share of their discount orders for which customers need no site-wide week."""
_FAVOURITE_SHARE = 0.35
_BULK = 6
_DISCOUNTS = np.array([0.1, 0.2, 0.3])


@dataclass(frozen=True)
class Lines:
    """One entry an order line; ``order`` is a position in the purchases."""

    order: Ints
    product: Ints
    quantity: Ints
    unit_price: Floats
    discount: Floats


def draw_lines(rng: np.random.Generator, world: World, population: Population, purchases: Purchases) -> Lines:
    """The lines of all orders; a product stands in an order once."""
    segment = population.segment[purchases.customer]
    lines_n = 1 + rng.poisson(column("lines")[segment] - 1)
    order = np.repeat(np.arange(len(purchases.customer)), lines_n)
    product = _products(rng, world, population, purchases, order)
    _, first = np.unique(order * PRODUCTS_N + product, return_index=True)
    order, product = order[first], product[first]
    quantity = _quantities(rng, segment[order])
    unit_price = _prices(world, purchases, segment, order, product)
    discount = _discounts(rng, world, population, purchases, order, quantity * unit_price)
    return Lines(order, product, quantity, unit_price, discount)


def sales(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, lines: Lines
) -> pl.DataFrame:
    """Order lines as the shop books them; ``_booked`` is the day a late one was, null if it was at once."""
    orders_n = len(purchases.customer)
    digital = rng.random(orders_n) < population.digital[purchases.customer]
    channel = labels(CHANNELS, np.where(digital, np.where(rng.random(orders_n) < 0.3, 1, 0), 2)[lines.order])
    number = population.first * ORDER_NUMBERS_PER_CUSTOMER + lines.order
    rows = _booked("S", number, population, purchases, lines, channel, purchases.at[lines.order])
    late = _late(rng, world, purchases, digital)[lines.order]
    return rows.with_columns(_booked=pl.when(pl.Series(np.isfinite(late))).then(pl.Series(late)))


def returns(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, lines: Lines
) -> pl.DataFrame:
    """Lines sent back within about three weeks, booked with a negative quantity under a number of their own."""
    customer = purchases.customer[lines.order]
    category = lines.product // PRODUCTS_PER_CATEGORY
    chance = population.returns[customer] * RETURN_FACTOR[category]
    chance = np.clip(chance * np.where(purchases.bad_service[lines.order], 2.5, 1.0), 0, 0.9)
    at = np.floor(purchases.at[lines.order] + 2 + rng.gamma(2, 4, len(chance))) + rng.uniform(9, 18, len(chance)) / 24
    back = np.flatnonzero((rng.random(len(chance)) < chance) & (at < world.days))
    bought = lines.quantity[back]
    quantity = np.where(rng.random(len(back)) < 0.8, bought, np.ceil(bought * rng.random(len(back))).astype(np.int64))
    sent = Lines(
        order=lines.order[back],
        product=lines.product[back],
        quantity=-np.maximum(quantity, 1),
        unit_price=lines.unit_price[back],
        discount=np.round(lines.discount[back] * np.maximum(quantity, 1) / bought, 2),
    )
    number = population.first * ORDER_NUMBERS_PER_CUSTOMER + np.arange(len(back))
    channel = labels(CHANNELS, np.where(rng.random(len(back)) < 0.6, 0, 2))
    rows = _booked("R", number, population, purchases, sent, channel, at[back])
    return rows.with_columns(_booked=pl.lit(None, dtype=pl.Float64))


def _booked(
    prefix: str,
    number: Ints,
    population: Population,
    purchases: Purchases,
    lines: Lines,
    channel: pl.Series,
    at: Floats,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order_no": numbered(prefix, number, 10),
            "_at": at,
            "_customer": purchases.customer[lines.order],
            "customer_no": customer_numbers(population, purchases.customer[lines.order]),
            "sku": sku(lines.product),
            "qty": pl.Series(lines.quantity).cast(pl.String),
            "unit_price": pl.Series(lines.unit_price),
            "discount": pl.Series(lines.discount),
            "channel": channel,
        }
    )


def _products(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, order: Ints
) -> Ints:
    """A category by taste and season, then the favourite of that category or one that sells well."""
    customer = purchases.customer[order]
    weights = population.tastes[customer] * category_demand(month_of(world, purchases.at[order]))
    bounds = np.cumsum(weights, axis=1)
    category = (bounds < (rng.random(len(order)) * bounds[:, -1])[:, None]).sum(axis=1)
    popular = product_of(category, popular_place(rng, len(order)))
    favourite = population.favourites[customer, category]
    return np.where(rng.random(len(order)) < _FAVOURITE_SHARE, favourite, popular)


def _quantities(rng: np.random.Generator, segment: Ints) -> Ints:
    """Single pieces; those who buy for a business take packs of six."""
    mean = column("quantity")[segment]
    bulk = mean > _BULK
    drawn = rng.geometric(np.minimum(1 / np.where(bulk, mean / _BULK, mean), 1.0))
    return np.asarray(np.where(bulk, drawn * _BULK, drawn), dtype=np.int64)


def _prices(world: World, purchases: Purchases, segment: Ints, order: Ints, product: Ints) -> Floats:
    """List price with 3% inflation a year in yearly steps; the trade pays 15% less."""
    year = np.floor(purchases.at[order] / 365)
    trade = np.array([s.company > 0.5 for s in SEGMENTS])[segment[order]]
    return np.round(world.prices[product] * 1.03**year * np.where(trade, 0.85, 1.0), 2)


def _discounts(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, order: Ints, amount: Floats
) -> Floats:
    """Money off whole lines: the shop's week of discounts, for whoever cares to take it, or a voucher."""
    orders_n = len(purchases.customer)
    voucher = rng.random(orders_n) < VOUCHERS * population.discounts[purchases.customer]
    rate = np.where(voucher, _DISCOUNTS[rng.integers(len(_DISCOUNTS), size=orders_n)], 0.0)
    takes = rng.random(orders_n) < 0.1 + 0.9 * population.price_sensitivity[purchases.customer]
    promoted = promotion_at(world, purchases.at)
    rate = np.where(takes & (promoted > 0), promoted, rate)
    return np.round(amount * rate[order], 2)


def _late(rng: np.random.Generator, world: World, purchases: Purchases, digital: Bools) -> Floats:
    """Day on which each order was booked, if that was late: stores upload their tills, now and then days later."""
    booked = np.floor(purchases.at) + rng.integers(*LATE_DAYS, len(digital)) + 3 / 24
    late = ~digital & (rng.random(len(digital)) < LATE_SHARE) & (booked < world.days)
    return np.where(late, booked, np.inf)
