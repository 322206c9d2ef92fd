"""Campaigns: what the shop sends to whom on which channel, and what people would do with it as long as they care.

A newsletter goes out every second week, every week before Christmas and, for some customers in some quarters, every
week as well; a second channel (SMS, push, social, ads, invitations) is used about every seven weeks. More mail is
opened less (fatigue); everybody has a channel and a time of day they answer best.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.people.lifetimes import NEUTRAL_SATISFACTION
from pipelines.simulation.people.population import CHANNELS, Population
from pipelines.simulation.shop.segments import Bools, Floats, Ints
from pipelines.simulation.shop.world import World, month_of

SLOT_DAYS = 7
INTENSIVE_SHARE = 0.2
"""Share of customers who get twice the mail in a quarter."""
QUARTER_SLOTS = 13
PRESSURE_SLOTS = 4
USUAL_PRESSURE = 2
"""Newsletters in four weeks."""
FATIGUE = 0.3
"""Each newsletter in four weeks beyond the usual multiplies opens by exp(-this)."""
PREFERRED, OTHER = 1.5, 0.5
"""How much likelier than average customers answer on the channel they prefer, and on any other."""
RIGHT_TIME, WRONG_TIME = 1.25, 0.75
_EMAIL, _PUSH = CHANNELS.index("email"), CHANNELS.index("push")
_ANSWERS = np.array([0.0, 0.14, 0.0, 0.08, 0.20, 0.04])
"""Share of sends clicked (event: attended) by channel at average openness, for channels nobody opens."""


@dataclass(frozen=True)
class Sends:
    """One entry a message, and whether it would be opened and clicked by somebody who has not begun to leave."""

    customer: Ints
    slot: Ints
    channel: Ints
    at: Floats
    opens: Bools
    opened_at: Floats
    clicks: Bools
    clicked_at: Floats
    unsubscribes_at: Floats
    """(customers,): day on which they would leave the mailing list; infinite if they never were on it."""


def draw_sends(rng: np.random.Generator, world: World, population: Population) -> Sends:
    """Everything the shop would send to people who neither leave nor unsubscribe early."""
    slot_at = _slots(world)
    unhappy = np.exp(3 * (NEUTRAL_SATISFACTION - population.satisfaction))
    unsubscribes_at = population.consent_from + 30 + rng.exponential(900 / unhappy)
    listed = (slot_at > population.consent_from[:, None]) & (slot_at < unsubscribes_at[:, None])
    mailed = listed & _mail_plan(rng, world, population, slot_at)
    pressure = _in_four_weeks(mailed)
    known = slot_at > population.registered[:, None]
    customer, slot = np.nonzero(mailed)
    others = _other_channels(rng, population, listed, known)
    pressed = np.maximum(pressure[customer, slot] - USUAL_PRESSURE, 0)
    fatigue = np.concatenate([np.exp(-FATIGUE * pressed), np.ones(len(others[0]))])
    channel = np.concatenate([np.full(len(customer), _EMAIL), others[2]])
    customer, slot = np.concatenate([customer, others[0]]), np.concatenate([slot, others[1]])
    return _answered(rng, population, customer, slot, channel, slot_at[slot], fatigue, unsubscribes_at)


def _slots(world: World) -> Floats:
    """One day a week, in turns at ten in the morning and at seven in the evening."""
    days = np.floor(np.arange(SLOT_DAYS / 2, world.days - 1, SLOT_DAYS))
    return np.asarray(days + np.where(np.arange(len(days)) // 2 % 2 == 0, 10, 19) / 24, dtype=np.float64)


def _mail_plan(rng: np.random.Generator, world: World, population: Population, slot_at: Floats) -> Bools:
    slots = np.arange(len(slot_at))
    christmas = np.isin(month_of(world, slot_at), (10, 11))
    intensive = rng.random((population.size, len(slots) // QUARTER_SLOTS + 1)) < INTENSIVE_SHARE
    return np.asarray((slots % 2 == 0) | christmas | intensive[:, slots // QUARTER_SLOTS], dtype=np.bool_)


def _in_four_weeks(mailed: Bools) -> Ints:
    """Newsletters of this and the three weeks before, for each customer and week."""
    so_far = np.cumsum(mailed, axis=1)
    before = np.zeros_like(so_far)
    before[:, PRESSURE_SLOTS:] = so_far[:, :-PRESSURE_SLOTS]
    return np.asarray(so_far - before, dtype=np.int64)


def _other_channels(
    rng: np.random.Generator, population: Population, listed: Bools, known: Bools
) -> tuple[Ints, Ints, Ints]:
    """Customer, week and channel of what is no e-mail: mostly the channel the shop has found to suit them."""
    size, slots_n = listed.shape
    turn = (np.arange(slots_n)[None, :] + np.arange(size)[:, None]) % 4 == 1
    customer, slot = np.nonzero(turn & known & (rng.random(listed.shape) < 0.6))
    usual = np.where(population.preferred == _EMAIL, rng.integers(1, len(CHANNELS), size), population.preferred)
    any_other = rng.integers(1, len(CHANNELS), len(customer))
    channel = np.where(rng.random(len(customer)) < 0.7, usual[customer], any_other)
    # Adverts and social posts reach people who never agreed to anything.
    reached = listed[customer, slot] | np.isin(channel, (CHANNELS.index("ads"), CHANNELS.index("social")))
    return customer[reached], slot[reached], channel[reached]


def _answered(
    rng: np.random.Generator,
    population: Population,
    customer: Ints,
    slot: Ints,
    channel: Ints,
    at: Floats,
    fatigue: Floats,
    unsubscribes_at: Floats,
) -> Sends:
    """Mail and push messages are opened, then perhaps clicked; the rest is clicked or attended, or is not."""
    suits = np.where(population.preferred[customer] == channel, PREFERRED, OTHER)
    evening = (at % 1) > 0.5
    suits = suits * np.where(population.evening[customer] == evening, RIGHT_TIME, WRONG_TIME) * fatigue
    opened = (channel == _EMAIL) | (channel == _PUSH)
    opens = opened & (rng.random(len(at)) < np.clip(population.opens[customer] * suits, 0, 0.95))
    answers = np.clip(_ANSWERS[channel] * suits * population.opens[customer] / 0.4, 0, 0.8)
    clicks = rng.random(len(at)) < np.where(opened, population.clicks[customer] * opens, answers)
    opened_at = at + rng.gamma(1.5, 2 / 24, len(at))
    clicked_at = opened_at + rng.uniform(1, 9, len(at)) / 1440
    return Sends(customer, slot, channel, at, opens, opened_at, clicks, clicked_at, unsubscribes_at)
