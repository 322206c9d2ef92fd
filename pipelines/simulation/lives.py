"""The whole life of some customers, table by table, and the truth behind it.

The order of the draws is the order of causes: who they are, what the shop sends, what they buy, and what follows.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.behaviour.baskets import draw_lines, returns, sales
from pipelines.simulation.behaviour.campaigns import draw_sends
from pipelines.simulation.behaviour.contracts import draw_contracts
from pipelines.simulation.behaviour.feedback import draw_feedback
from pipelines.simulation.behaviour.nudges import draw_nudges
from pipelines.simulation.behaviour.purchases import Purchases, draw_purchases
from pipelines.simulation.behaviour.touches import clicked_visits, draw_touches, unsubscribed_at
from pipelines.simulation.behaviour.usage import app_events, errand_events
from pipelines.simulation.behaviour.visits import browsing_events, draw_visits, order_events
from pipelines.simulation.exports.dirt import Table
from pipelines.simulation.exports.files import local_times
from pipelines.simulation.people.guests import Guests, draw_guests, identities, under_guest_numbers
from pipelines.simulation.people.population import CHANNELS, Population, customer_numbers, draw_population, numbered
from pipelines.simulation.people.register import describe_customers
from pipelines.simulation.shop.segments import SEGMENTS, labels
from pipelines.simulation.shop.world import World


@dataclass(frozen=True)
class Chunk:
    """What some of the customers did: clean rows a table, with the hidden day ``_at``, and the truth."""

    rows: dict[Table, pl.DataFrame]
    truth: pl.DataFrame


def live(rng: np.random.Generator, world: World, first: int, size: int) -> Chunk:
    """The whole life of ``size`` customers, table by table."""
    population = draw_population(rng, world, first, size)
    guests = draw_guests(rng, world, population)
    sends = draw_sends(rng, world, population)
    purchases = draw_purchases(rng, world, population, draw_nudges(rng, world, population, sends))
    lines = draw_lines(rng, world, population, purchases)
    sold = sales(rng, world, population, purchases, lines)
    returned = returns(rng, world, population, purchases, lines)
    touches = draw_touches(rng, world, population, purchases, sends)
    visits = draw_visits(rng, world, population, purchases, clicked_visits(touches))
    events = [
        browsing_events(rng, population, lines, visits),
        order_events(rng, population, purchases, lines, sold["channel"]),
        app_events(rng, world, population, purchases),
        errand_events(rng, world, population, purchases, returned),
    ]
    rows: dict[Table, pl.DataFrame] = {
        "orders": under_guest_numbers(pl.concat([sold, returned]), population, guests),
        "customers": describe_customers(rng, world, population, guests, unsubscribed_at(population, touches)),
        "identities": identities(population, guests),
        "events": under_guest_numbers(pl.concat(events), population, guests),
        "touches": touches,
        "feedback": under_guest_numbers(draw_feedback(rng, world, population, purchases), population, guests),
        "subscriptions": draw_contracts(rng, world, population, purchases),
    }
    return Chunk(rows, _truth(world, population, purchases, guests))


def _truth(world: World, population: Population, purchases: Purchases, guests: Guests) -> pl.DataFrame:
    """One row a customer; times are null where nothing of the kind happened within the span, rates are a day."""
    who = np.arange(population.size)
    frame = pl.DataFrame(
        {
            "customer_no": customer_numbers(population, who),
            "alias_no": numbered("G", population.first + who + 1, 7),
            "segment": labels([segment.name for segment in SEGMENTS], population.segment),
            "purchase_rate": population.purchase_rate,
            "dropout_rate": population.dropout_rate,
            "satisfaction": purchases.last_satisfaction,
            "usage_rate": population.usage,
            "price_sensitivity": population.price_sensitivity,
            "preferred_channel": labels(CHANNELS, population.preferred),
            "orders_n": np.bincount(purchases.customer, minlength=population.size),
            "_joined": population.joined,
            "_cooling": purchases.lives.cools_at,
            "_dropout": purchases.dropout_at,
            "_linked": guests.linked_at,
        }
    )
    times = {"joined_at": "_joined", "cooling_at": "_cooling", "dropout_at": "_dropout", "linked_at": "_linked"}
    day = {name: pl.when(pl.col(hidden).is_finite()).then(pl.col(hidden)) for name, hidden in times.items()}
    return frame.with_columns(
        alias_no=pl.when(pl.col("_linked").is_finite()).then("alias_no"),
        **{name: local_times(world, expression) for name, expression in day.items()},
    ).drop(times.values())
