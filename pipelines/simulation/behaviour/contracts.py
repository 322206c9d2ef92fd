"""Memberships as contracts: what is paid, when they renew, and when they were not renewed.

The shop's system writes a version of the contract at its start, at every renewal and at its end.
"""

import numpy as np
import polars as pl

from pipelines.simulation.behaviour.purchases import Purchases
from pipelines.simulation.people.population import Population, customer_numbers, numbered
from pipelines.simulation.shop.segments import Floats, Ints, labels
from pipelines.simulation.shop.world import World

PLANS = ("plus", "plus annual", "trade")
PERIOD_DAYS = np.array([30, 365, 90])
FEES = np.array([4.99, 49.0, 29.0])
ANNUAL_SHARE = 0.2
LEAVERS_CANCEL = 0.75
"""Share of members who think of cancelling while they leave; the others notice a fee some time later."""


def draw_contracts(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases
) -> pl.DataFrame:
    """One row a version of a contract; ``_at`` is when it was written."""
    who = np.flatnonzero(np.isfinite(purchases.lives.plus_from))
    business = population.companies.number[who] >= 0
    plan = np.where(business, 2, (rng.random(len(who)) < ANNUAL_SHARE).astype(np.int64))
    begun = purchases.lives.plus_from[who]
    period = PERIOD_DAYS[plan].astype(np.float64)
    periods_n = np.ceil(np.maximum(_lapses_at(rng, purchases, who) - begun, 1) / period)
    shown_n = np.minimum(periods_n, np.ceil((world.days - begun) / period)).astype(np.int64)
    contract = np.repeat(np.arange(len(who)), shown_n)
    number = np.arange(len(contract)) - np.repeat(np.cumsum(shown_n) - shown_n, shown_n)
    runs = _versions(population, who, plan, begun, contract, number)
    over = np.flatnonzero(begun + periods_n * period < world.days)
    ends = _versions(population, who, plan, begun, over, periods_n[over].astype(np.int64))
    return pl.concat(
        [
            runs.with_columns(_ended=pl.lit(None, dtype=pl.Float64)),
            ends.with_columns(_ended=pl.col("_at"), _renews=pl.lit(None, dtype=pl.Float64)),
        ]
    )


def _lapses_at(rng: np.random.Generator, purchases: Purchases, who: Ints) -> Floats:
    """Day each decides not to renew: for a reason of their own, while they leave, or long after."""
    lives = purchases.lives
    cancels = purchases.fading_from[who] + rng.uniform(0, 45, len(who))
    forgets = purchases.fading_from[who] + 60 + rng.exponential(60, len(who))
    leaving = np.where(rng.random(len(who)) < LEAVERS_CANCEL, cancels, forgets)
    return np.minimum(np.minimum(lives.lapses_at[who], leaving), 1e6)


def _versions(
    population: Population, who: Ints, plan: Ints, begun: Floats, contract: Ints, number: Ints
) -> pl.DataFrame:
    """Version ``number`` of each contract: 0 at its start, 1 after a period, ..."""
    period = PERIOD_DAYS[plan][contract]
    written = begun[contract] + number * period
    return pl.DataFrame(
        {
            "contract_no": numbered("K", population.first + who[contract] + 1, 7),
            "customer_no": customer_numbers(population, who[contract]),
            "plan": labels(PLANS, plan[contract]),
            "fee": pl.Series(FEES[plan[contract]]),
            "_at": written,
            "_started": begun[contract],
            "_renews": written + period,
        }
    )
