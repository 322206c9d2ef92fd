"""Nudges: what the shop does to make people buy, as the orders it would bring about if they were still customers.

A click may lead to an order within days, and a week of discounts to one within that week. Whether it does is decided
when the customer's life is lived (:mod:`purchases`): those who have begun to leave are not to be nudged.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.behaviour.campaigns import Sends
from pipelines.simulation.people.population import Population
from pipelines.simulation.shop.segments import Floats, Ints
from pipelines.simulation.shop.world import PROMOTION_DAYS, World

CLICK_CONVERTS = 0.18
"""Share of clicks that lead to an order which would not have been."""
PROMOTION_PULL = 2.5
"""Extra orders of the fully price-sensitive in a week at 20% off, over what they buy in an ordinary week."""


@dataclass(frozen=True)
class Nudges:
    """Would-be orders by customer and time."""

    customer: Ints
    at: Floats

    def next_after(self, who: Ints, at: Floats) -> Floats:
        """For each of ``who`` the first nudge after ``at``; infinite if there is none."""
        if not len(self.at):
            return np.full(len(who), np.inf)
        stride = 10_000.0  # days: more than any span
        place = np.searchsorted(self.customer * stride + self.at, who * stride + at, side="right")
        place = np.minimum(place, len(self.at) - 1)
        found = (self.customer[place] == who) & (self.at[place] > at)
        return np.where(found, self.at[place], np.inf)


NO_NUDGES = Nudges(np.zeros(0, dtype=np.int64), np.zeros(0))


def draw_nudges(rng: np.random.Generator, world: World, population: Population, sends: Sends) -> Nudges:
    """The nudges of clicks and of weeks of discounts."""
    parts = [_after_clicks(rng, sends), _in_promotions(rng, world, population)]
    customer, at = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((at, customer))
    return Nudges(customer[order], at[order])


def _after_clicks(rng: np.random.Generator, sends: Sends) -> tuple[Ints, Floats]:
    converts = np.flatnonzero(sends.clicks & (rng.random(len(sends.at)) < CLICK_CONVERTS))
    days = 1 + np.floor(rng.exponential(1.5, len(converts)))
    return sends.customer[converts], np.floor(sends.clicked_at[converts]) + days + _hours(rng, len(converts))


def _in_promotions(rng: np.random.Generator, world: World, population: Population) -> tuple[Ints, Floats]:
    pull = PROMOTION_PULL * population.price_sensitivity * population.purchase_rate * PROMOTION_DAYS
    chance = 1 - np.exp(-np.outer(pull, world.depths / 0.2))
    customer, week = np.nonzero(rng.random(chance.shape) < chance)
    days = rng.integers(PROMOTION_DAYS, size=len(customer))
    return customer, world.promotions[week] + days + _hours(rng, len(customer))


def _hours(rng: np.random.Generator, size: int) -> Floats:
    """Times of day as shares of a day; nobody buys between midnight and six."""
    return np.asarray(rng.triangular(7, 19, 23.5, size) / 24, dtype=np.float64)
