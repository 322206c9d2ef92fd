"""Buy till you die: when each customer buys, how that feels, and when they leave for good.

Each customer renews at gaps drawn on the segment's own clock (so seasons, weekdays and hours come by themselves) until
a lifetime runs out. Lifetimes are exponential at a rate that satisfaction moves, and satisfaction follows the service
received: Pareto/NBD with gamma mixtures, bent by seasons, regularity and service.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.population import Population
from pipelines.simulation.segments import Bools, Floats, Ints, column
from pipelines.simulation.world import World, calendar_days, demand_days

BAD_SERVICE_SHARE = 0.10
SATISFACTION_MEMORY = 0.7
"""Weight of the past in satisfaction; the rest is the latest service."""
NEUTRAL_SATISFACTION = 0.7
DROPOUT_BY_SATISFACTION = 4.0
"""Dropout is multiplied by exp(this * (neutral - satisfaction))."""


@dataclass(frozen=True)
class Purchases:
    """One entry an order, by customer and time; ``customer`` is a position in the population."""

    customer: Ints
    at: Floats
    bad_service: Bools
    satisfaction: Floats
    """After this order."""
    dropout_at: Floats
    """(customers,): day they left for good; infinite while alive at the end of the span."""
    last_satisfaction: Floats
    """(customers,): at the end."""


def draw_purchases(rng: np.random.Generator, world: World, population: Population) -> Purchases:
    """All purchases within the span, one round for everyone's first, second, ... order."""
    dropout_at = np.where(population.buys, np.inf, population.joined)
    satisfaction = population.satisfaction.copy()
    who = np.flatnonzero(population.buys)
    at = population.joined[who]
    rounds = []
    while len(who):
        bad = rng.random(len(who)) < BAD_SERVICE_SHARE
        satisfaction[who] = _after_service(rng, satisfaction[who], bad)
        rounds.append((who, at, bad, satisfaction[who]))
        leaves_at = _leaves_at(rng, population, satisfaction, who, at, first=len(rounds) == 1)
        next_at = _next_purchase(rng, world, population, who, at)
        gone = leaves_at <= next_at
        dropout_at[who[gone]] = np.where(leaves_at[gone] < world.days, leaves_at[gone], np.inf)
        stays = ~gone & (next_at < world.days)
        who, at = who[stays], next_at[stays]
    return _by_customer(rounds, dropout_at, satisfaction)


def _after_service(rng: np.random.Generator, satisfaction: Floats, bad: Bools) -> Floats:
    service = np.where(bad, rng.beta(2, 8, len(bad)), rng.beta(8, 2, len(bad)))
    return np.asarray(SATISFACTION_MEMORY * satisfaction + (1 - SATISFACTION_MEMORY) * service, dtype=np.float64)


def _leaves_at(
    rng: np.random.Generator, population: Population, satisfaction: Floats, who: Ints, at: Floats, first: bool
) -> Floats:
    """Day the customers would leave if they do not buy again before."""
    moved = np.exp(DROPOUT_BY_SATISFACTION * (NEUTRAL_SATISFACTION - satisfaction[who]))
    leaves_at = at + rng.exponential(1 / (population.dropout_rate[who] * moved))
    return np.where(population.one_time[who], at, leaves_at) if first else leaves_at


def _next_purchase(rng: np.random.Generator, world: World, population: Population, who: Ints, at: Floats) -> Floats:
    segment = population.segment[who]
    regularity = column("regularity")[segment]
    gap = rng.gamma(regularity) / (regularity * population.purchase_rate[who])
    return calendar_days(world, segment, demand_days(world, segment, at) + gap)


def _by_customer(
    rounds: list[tuple[Ints, Floats, Bools, Floats]], dropout_at: Floats, satisfaction: Floats
) -> Purchases:
    """The rounds laid side by side; a stable sort keeps each customer's orders in time."""
    columns = [np.concatenate(parts) for parts in zip(*rounds, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    customer, at, bad, after = (column[order] for column in columns)
    return Purchases(customer, at, bad, after, dropout_at, satisfaction)
