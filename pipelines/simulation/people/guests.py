"""Guest accounts: some customers first bought without signing in, under a number of its own that was linked later."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.people.population import Population, customer_numbers, numbered
from pipelines.simulation.shop.segments import Floats
from pipelines.simulation.shop.world import World

GUEST_SHARE = 0.02
STAYS_GUEST_DAYS = 60.0
LINKED_WITHIN_DAYS = 30.0
_ELIGIBLE = 0.7
"""Roughly the share of customers of a two-year span who could have been guests."""


@dataclass(frozen=True)
class Guests:
    """For every customer the day until which they act as a guest and the day the numbers were linked.

    Both are infinite for those who never were guests.
    """

    until: Floats
    linked_at: Floats


def draw_guests(rng: np.random.Generator, world: World, population: Population) -> Guests:
    """A few of those who buy at once; whoever would not be linked within the span signs in from the start."""
    until = population.joined + 10 + rng.exponential(STAYS_GUEST_DAYS, population.size)
    linked_at = until + 1 + rng.exponential(LINKED_WITHIN_DAYS, population.size)
    at_once = population.buys & (population.registered == population.joined)
    # One at least, if anybody can be: a table without rows is no table.
    luck = np.where(at_once & (linked_at < world.days), rng.random(population.size), np.inf)
    guest = np.isfinite(luck) & (luck <= max(GUEST_SHARE / _ELIGIBLE, luck.min()))
    return Guests(np.where(guest, until, np.inf), np.where(guest, linked_at, np.inf))


def identities(population: Population, guests: Guests) -> pl.DataFrame:
    """One row a guest number and the customer it turned out to be; ``_at`` is when that was found."""
    who = np.flatnonzero(np.isfinite(guests.until))
    return pl.DataFrame(
        {
            "_at": guests.linked_at[who],
            "alias_no": numbered("G", population.first + who + 1, 7),
            "customer_no": customer_numbers(population, who),
        }
    )


def under_guest_numbers(rows: pl.DataFrame, population: Population, guests: Guests) -> pl.DataFrame:
    """The rows with the guest's number on what was done before the guest signed up."""
    who = np.flatnonzero(np.isfinite(guests.until))
    known = pl.DataFrame(
        {
            "customer_no": customer_numbers(population, who),
            "_alias": numbered("G", population.first + who + 1, 7),
            "_until": guests.until[who],
        }
    )
    joined = rows.join(known, on="customer_no", how="left", maintain_order="left")
    guest = pl.col("_at") < pl.col("_until")
    return joined.with_columns(customer_no=pl.when(guest).then("_alias").otherwise("customer_no")).drop(
        "_alias", "_until"
    )
