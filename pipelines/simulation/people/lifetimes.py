"""How long customers stay: a hazard that service, use, membership and company move, and a slow leaving.

Leaving begins before it ends: from ``cools_at`` on, a customer uses, opens and looks at less and less while orders
still come at the old rate, until ``dropout_at``, after which they never buy again.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.people.population import Population
from pipelines.simulation.shop.segments import Bools, Floats, Ints

NEUTRAL_SATISFACTION = 0.7
"""At this satisfaction, dropout is what the segment's lifetime implies."""
DROPOUT_BY_SATISFACTION = 6.0
"""Dropout is multiplied by exp(this * (neutral - satisfaction))."""
COOLING_DAYS = 36.0
"""Mean days from the first to the last of leaving."""
FADING_DAYS = 18.0
"""Activity falls to 1/e of the way down within these."""
JOINS_PLUS = 0.03
"""Chance that an order makes somebody with average use a member."""
LAPSES_A_DAY = 1 / 500
"""Members who will not renew, a day, at neutral satisfaction and average use."""
MEMBER, LAPSED = 0.6, 2.5
"""What dropout is multiplied by while a membership runs, and once it was not renewed."""


@dataclass(frozen=True)
class Lives:
    """Where every customer stands; arrays of length n, written to as they live."""

    satisfaction: Floats
    cools_at: Floats
    dropout_at: Floats
    plus_from: Floats
    """Day the membership began; infinite if there is none."""
    lapses_at: Floats
    """Day the member decided not to renew; infinite while it runs."""

    def members(self, who: Ints) -> Bools:
        """Whose membership runs."""
        return np.isfinite(self.plus_from[who]) & ~np.isfinite(self.lapses_at[who])


def begin_lives(population: Population) -> Lives:
    """Everybody before their first order; those who never buy have left as they came."""
    never = np.where(population.buys, np.inf, population.joined)
    forever = np.full(population.size, np.inf)
    return Lives(population.satisfaction.copy(), never, never.copy(), forever, forever.copy())


def join_plus(rng: np.random.Generator, population: Population, lives: Lives, who: Ints, at: Floats) -> None:
    """Content customers become members, keen users of the app sooner; once in a life."""
    chance = JOINS_PLUS * np.exp(0.5 * population.usage_z[who]) * (lives.satisfaction[who] > 0.5)
    joins = (rng.random(len(who)) < chance) & ~np.isfinite(lives.plus_from[who]) & ~np.isfinite(lives.cools_at[who])
    lives.plus_from[who[joins]] = at[joins] + 0.01


def live_on(
    rng: np.random.Generator,
    population: Population,
    lives: Lives,
    who: Ints,
    at: Floats,
    renewal_at: Floats,
    nudged_at: Floats,
    first: bool,
) -> Floats:
    """The time of each one's next order, past ``dropout_at`` if they leave before it; nudges move only who stays."""
    stays = ~np.isfinite(lives.cools_at[who])
    next_at = np.where(stays, np.minimum(renewal_at, nudged_at), renewal_at)
    cools_at = _cools_at(rng, population, lives, who, at, next_at)
    one_time = population.one_time[who] & first
    cools_at = np.where(one_time, at, cools_at)
    cooling = stays & (cools_at <= next_at)
    leaving = who[cooling]
    lasts = np.where(one_time, 0.0, rng.gamma(3, COOLING_DAYS / 3, len(who)))
    lives.cools_at[leaving] = cools_at[cooling]
    lives.dropout_at[leaving] = (cools_at + lasts)[cooling]
    return np.where(cooling, renewal_at, next_at)


def _cools_at(
    rng: np.random.Generator, population: Population, lives: Lives, who: Ints, at: Floats, next_at: Floats
) -> Floats:
    """Day each would begin to leave if nothing happens before; members may lapse first, and then leave sooner."""
    moved = np.exp(DROPOUT_BY_SATISFACTION * (NEUTRAL_SATISFACTION - lives.satisfaction[who]))
    rate, member = population.dropout_rate[who] * moved, lives.members(who)
    lapsed = np.isfinite(lives.lapses_at[who])
    cools_at = at + rng.exponential(1 / (rate * np.where(member, MEMBER, np.where(lapsed, LAPSED, 1.0))))
    lapse_rate = LAPSES_A_DAY * moved * np.exp(-0.4 * population.usage_z[who])
    lapses_at = at + rng.exponential(1 / lapse_rate)
    lapses = member & (lapses_at < np.minimum(cools_at, next_at))
    lives.lapses_at[who[lapses]] = lapses_at[lapses]
    sooner = lapses_at + rng.exponential(1 / (rate * LAPSED))
    return np.minimum(np.where(lapses, sooner, cools_at), np.maximum(population.companies.cools_at[who], at))


def activity(cools_at: Floats, at: Floats, floor: float) -> Floats:
    """How much of their usual activity is left at each moment: 1 until leaving begins, then down to ``floor``.

    >>> activity(np.array([10.0, np.inf]), np.array([10.0 + 1000.0, 5.0]), 0.25).tolist()
    [0.25, 1.0]
    """
    late = np.maximum(at - np.minimum(cools_at, 1e6), 0.0)
    return np.asarray(floor + (1 - floor) * np.exp(-late / FADING_DAYS), dtype=np.float64)
