"""Buy till you die: when each customer buys, how that feels, and when they leave for good.

Each customer renews at gaps drawn on the segment's own clock (so seasons, weekdays and hours come by themselves) until
a lifetime runs out, and buys in between when nudged. Lifetimes are exponential at a rate that satisfaction moves
(:mod:`lifetimes`), and satisfaction follows the service received: Pareto/NBD with gamma mixtures, bent by seasons,
regularity, service and campaigns.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.behaviour.nudges import NO_NUDGES, Nudges
from pipelines.simulation.people.lifetimes import Lives, begin_lives, join_plus, live_on
from pipelines.simulation.people.population import Population
from pipelines.simulation.shop.segments import Bools, Floats, Ints, column
from pipelines.simulation.shop.world import World, calendar_days, demand_days, month_of

TROUBLES = ("delivery", "quality", "service")
NO_TROUBLE = -1
TROUBLE_SHARES = (0.045, 0.035, 0.020)
BUSY_MONTHS = (10, 11)
BUSY_DELIVERY = 1.6
"""How much likelier deliveries go wrong in November and December."""
SATISFACTION_MEMORY = 0.7
"""Weight of the past in satisfaction; the rest is the latest service."""
MEMBERS_BUY = 1.4
"""How much faster members buy."""


@dataclass(frozen=True)
class Purchases:
    """One entry an order, by customer and time; ``customer`` is a position in the population."""

    customer: Ints
    at: Floats
    trouble: Ints
    """What went wrong, a position in ``TROUBLES``, or -1."""
    satisfaction: Floats
    """After this order."""
    lives: Lives
    """How it ended for every customer; times past the end of the span are infinite, but for ``fading_from``."""
    fading_from: Floats
    """(customers,): day from which activity fades."""

    @property
    def bad_service(self) -> Bools:
        """Orders with which something went wrong."""
        return np.asarray(self.trouble != NO_TROUBLE, dtype=np.bool_)

    @property
    def dropout_at(self) -> Floats:
        """(customers,): day they left for good; infinite while alive at the end of the span."""
        return self.lives.dropout_at

    @property
    def last_satisfaction(self) -> Floats:
        """(customers,): at the end."""
        return self.lives.satisfaction


def draw_purchases(
    rng: np.random.Generator, world: World, population: Population, nudges: Nudges = NO_NUDGES
) -> Purchases:
    """All purchases within the span, one round for everyone's first, second, ... order."""
    lives = begin_lives(population)
    who = np.flatnonzero(population.buys)
    at = population.joined[who]
    rounds: list[tuple[Ints, Floats, Ints, Floats]] = []
    while len(who):
        trouble = _draw_trouble(rng, world, population, who, at)
        lives.satisfaction[who] = _after_service(rng, population, lives, who, trouble)
        rounds.append((who, at, trouble, lives.satisfaction[who]))
        join_plus(rng, population, lives, who, at)
        renewal_at = _next_purchase(rng, world, population, lives, who, at)
        nudged_at = nudges.next_after(who, at)
        next_at = live_on(rng, population, lives, who, at, renewal_at, nudged_at, first=len(rounds) == 1)
        stays = (next_at < world.days) & (next_at < lives.dropout_at[who])
        who, at = who[stays], next_at[stays]
    return _by_customer(world, rounds, lives)


def _draw_trouble(rng: np.random.Generator, world: World, population: Population, who: Ints, at: Floats) -> Ints:
    """What goes wrong with each order: deliveries by town and season, the rest by chance."""
    shares = np.tile(np.array(TROUBLE_SHARES), (len(who), 1))
    busy = np.isin(month_of(world, at), BUSY_MONTHS)
    shares[:, 0] *= population.delivery_trouble[who] * np.where(busy, BUSY_DELIVERY, 1.0)
    below = (rng.random(len(who))[:, None] < np.cumsum(shares, axis=1)).sum(axis=1)
    return np.where(below == 0, NO_TROUBLE, len(TROUBLES) - below)


def _after_service(rng: np.random.Generator, population: Population, lives: Lives, who: Ints, trouble: Ints) -> Floats:
    """Satisfaction moves towards the latest service; trouble that a customer cares about moves it further."""
    bad = trouble != NO_TROUBLE
    service = np.where(bad, rng.beta(2, 8, len(bad)), rng.beta(8, 2, len(bad)))
    weight = np.where(bad, population.care[who, np.maximum(trouble, 0)], 1.0) * (1 - SATISFACTION_MEMORY)
    weight = np.minimum(weight, 0.9)
    return np.asarray((1 - weight) * lives.satisfaction[who] + weight * service, dtype=np.float64)


def _next_purchase(
    rng: np.random.Generator, world: World, population: Population, lives: Lives, who: Ints, at: Floats
) -> Floats:
    segment = population.segment[who]
    regularity = column("regularity")[segment]
    rate = population.purchase_rate[who] * np.where(lives.members(who), MEMBERS_BUY, 1.0)
    gap = rng.gamma(regularity) / (regularity * rate)
    return calendar_days(world, segment, demand_days(world, segment, at) + gap)


def _by_customer(world: World, rounds: list[tuple[Ints, Floats, Ints, Floats]], lives: Lives) -> Purchases:
    """The rounds laid side by side; a stable sort keeps each customer's orders in time."""
    columns = [np.concatenate(parts) for parts in zip(*rounds, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    customer, at, trouble, after = (column[order] for column in columns)
    ended = Lives(
        satisfaction=lives.satisfaction,
        cools_at=_within(world, lives.cools_at),
        dropout_at=_within(world, lives.dropout_at),
        plus_from=_within(world, lives.plus_from),
        lapses_at=lives.lapses_at,
    )
    return Purchases(customer, at, trouble, after, ended, lives.cools_at)


def _within(world: World, at: Floats) -> Floats:
    return np.where(at < world.days, at, np.inf)
