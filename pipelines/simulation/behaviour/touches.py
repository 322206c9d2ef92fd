"""Touches: what was sent and what came of it, fading as people leave; and what content customers share unasked."""

import numpy as np
import polars as pl

from features.tables import TOUCHES
from pipelines.simulation.behaviour.campaigns import Sends
from pipelines.simulation.behaviour.purchases import Purchases
from pipelines.simulation.people.lifetimes import activity
from pipelines.simulation.people.population import CHANNELS, Population, customer_numbers, numbered
from pipelines.simulation.shop.segments import Bools, Floats, Ints, labels
from pipelines.simulation.shop.world import World

GONE_OPENING = 0.15
"""How much of their opening is left once customers are gone."""
REACTIONS = TOUCHES.levels("kind")
SHARES_AFTER_ORDER = 0.06
"""Chance that the most content customers recommend the shop after an order."""
REFERRALS = 900
"""Number of the campaign under which recommendations are booked: N900."""
_MINUTE = 1 / 1440
_EMAIL, _SOCIAL, _EVENT = (CHANNELS.index(name) for name in ("email", "social", "event"))
_SOCIAL_REACTIONS = (("like", 0.16), ("comment", 0.03), ("share", 0.02))


def draw_touches(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, sends: Sends
) -> pl.DataFrame:
    """Messages, reactions and recommendations; the hidden ``_customer`` is a position in the population."""
    left_at = np.minimum(sends.unsubscribes_at, purchases.fading_from + 20 + rng.exponential(500, population.size))
    reached = (sends.at < left_at[sends.customer]) | (sends.channel != _EMAIL)
    cares = rng.random(len(sends.at)) < activity(purchases.fading_from[sends.customer], sends.at, GONE_OPENING)
    opens, clicks = sends.opens & reached & cares, sends.clicks & reached & cares
    bounces = reached & ~opens & (sends.channel == _EMAIL) & (rng.random(len(cares)) < 0.01)
    attends = clicks & (sends.channel == _EVENT)
    messages = [
        (sends.at, "sent", reached),
        (sends.opened_at, "open", opens),
        (sends.clicked_at, "click", clicks & ~attends),
        (np.floor(sends.at) + 6 + 18.5 / 24, "attend", attends),
        (sends.at + _MINUTE, "bounce", bounces),
        *_social(rng, population, sends, cares),
    ]
    parts = [_reactions(population, sends, *message) for message in messages]
    parts += [_unsubscribed(population, sends, left_at), _recommended(rng, population, purchases)]
    return pl.concat(parts).filter(pl.col("_at") < world.days)


def clicked_visits(touches: pl.DataFrame) -> tuple[Ints, Floats]:
    """Whose clicks led to the site, and when they got there."""
    clicks = touches.filter(pl.col("reaction") == "click")
    return clicks["_customer"].to_numpy(), clicks["_at"].to_numpy()


def unsubscribed_at(population: Population, touches: pl.DataFrame) -> Floats:
    """(customers,): when each left the mailing list; infinite for those who did not."""
    left = touches.filter(pl.col("reaction") == "unsubscribe")
    at = np.full(population.size, np.inf)
    at[left["_customer"].to_numpy()] = left["_at"].to_numpy()
    return at


def _reactions(population: Population, sends: Sends, at: Floats, reaction: str, chosen: Bools) -> pl.DataFrame:
    return _rows(
        population, sends.customer[chosen], sends.slot[chosen] + 1, sends.channel[chosen], at[chosen], reaction
    )


def _rows(
    population: Population, customer: Ints, campaign: Ints, channel: Ints, at: Floats, reaction: str
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "_at": at,
            "_customer": customer,
            "_registered_at": population.registered[customer],
            "customer_no": customer_numbers(population, customer),
            "campaign": numbered("N", campaign, 3),
            "channel": labels(CHANNELS, channel),
            "reaction": labels(REACTIONS, np.full(len(customer), REACTIONS.index(reaction))),
        }
    )


def _social(
    rng: np.random.Generator, population: Population, sends: Sends, cares: Bools
) -> list[tuple[Floats, str, Bools]]:
    """Reactions to posts, an hour or so after they are shown."""
    fond = np.where(population.preferred[sends.customer] == _SOCIAL, 2.0, 0.5)
    shown = (sends.channel == _SOCIAL) & cares
    delay = rng.exponential(1 / 24, len(shown))
    return [
        (sends.at + delay + (place + 1) * _MINUTE, name, shown & (rng.random(len(shown)) < chance * fond))
        for place, (name, chance) in enumerate(_SOCIAL_REACTIONS)
    ]


def _unsubscribed(population: Population, sends: Sends, left_at: Floats) -> pl.DataFrame:
    """They leave by the link in the last newsletter they got; those who got no more since cannot."""
    mail = np.flatnonzero((sends.channel == _EMAIL) & (sends.at < left_at[sends.customer]))
    last = np.full(population.size, -np.inf)
    np.maximum.at(last, sends.customer[mail], sends.at[mail])
    campaign = np.zeros(population.size, dtype=np.int64)
    np.maximum.at(campaign, sends.customer[mail], sends.slot[mail])
    who = np.flatnonzero(np.isfinite(last) & np.isfinite(left_at))
    at = np.maximum(left_at[who], last[who] + 0.01)
    return _rows(population, who, campaign[who] + 1, np.full(len(who), _EMAIL), at, "unsubscribe")


def _recommended(rng: np.random.Generator, population: Population, purchases: Purchases) -> pl.DataFrame:
    keen = np.clip((purchases.satisfaction - 0.6) / 0.3, 0, 1) ** 2
    shares = np.flatnonzero(rng.random(len(keen)) < SHARES_AFTER_ORDER * keen)
    who, at = purchases.customer[shares], purchases.at[shares] + 1 + rng.exponential(3, len(shares))
    campaign = np.full(len(who), REFERRALS)
    return _rows(population, who, campaign, np.full(len(who), _SOCIAL), at, "share")
