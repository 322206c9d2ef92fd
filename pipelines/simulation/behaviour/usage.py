"""Use of the shop's app apart from shopping, and errands: help asked for, returns and deliveries looked up.

Heavy users stay longer (:mod:`population`), learn the advanced features sooner, and stop weeks before they are gone.
"""

import numpy as np
import polars as pl

from pipelines.simulation.behaviour.purchases import TROUBLES, Purchases
from pipelines.simulation.behaviour.visits import FEATURE, HELP, LOGIN, PAGE, PAGES, event_rows
from pipelines.simulation.people.lifetimes import activity
from pipelines.simulation.people.population import Population, numbered
from pipelines.simulation.shop.segments import Floats, Ints, labels
from pipelines.simulation.shop.world import World

BASIC_FEATURES = ("order tracking", "wish list", "reviews", "store finder")
ADVANCED_FEATURES = ("auto reorder", "price alerts", "gift planner", "photo search")
GONE_USAGE = 0.03
LEARNING_DAYS = 120.0
"""Advanced use comes with time: after this long, 1 - 1/e of what it will be."""
SESSIONS_PER_CUSTOMER = 2_000
_MINUTE = 1 / 1440
_HELP_AFTER_TROUBLE, _LOOKS_UP_DELIVERY, _LOOKS_UP_RETURNS = 0.35, 0.5, 0.6
_IDLE_HELP_A_DAY = 1 / 1500


def app_events(rng: np.random.Generator, world: World, population: Population, purchases: Purchases) -> pl.DataFrame:
    """Sessions with the app: a login as a rule, then one feature or several."""
    customer, at = _sessions(rng, world, population, purchases)
    features_n = 1 + rng.poisson(0.5, len(at))
    session = np.arange(len(at))
    logins = session[rng.random(len(at)) < 0.5]
    used = np.repeat(session, features_n)
    number = np.arange(len(used)) - np.repeat(np.cumsum(features_n) - features_n, features_n)
    which = np.concatenate([logins, used])
    minute = np.concatenate([0 * logins, 1 + number]) + 0.9 * rng.random(len(which))
    feature = pl.concat(
        [
            pl.repeat(None, len(logins), dtype=pl.String, eager=True),
            _features(rng, population, customer[used], at[used]),
        ]
    )
    kind = np.repeat([LOGIN, FEATURE], [len(logins), len(used)])
    visit = numbered("U", population.first * SESSIONS_PER_CUSTOMER + which, 10)
    events = event_rows(rng, population, customer[which], at[which] + minute * _MINUTE, kind, visit, feature=feature)
    return events.with_columns(device=pl.lit("app"))


def _sessions(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases
) -> tuple[Ints, Floats]:
    left = world.days - 0.02 - population.joined
    expected = np.clip(population.usage, 0, 1.0) * np.maximum(left, 0)
    customer = np.repeat(np.arange(population.size), rng.poisson(expected))
    day = np.floor(population.joined[customer] + rng.random(len(customer)) * left[customer])
    at = day + rng.triangular(7, 18, 23, len(day)) / 24
    share = activity(purchases.fading_from[customer], at, GONE_USAGE)
    happens = (rng.random(len(at)) < share) & (at > population.joined[customer]) & (at < world.days - 0.02)
    return customer[happens], at[happens]


def _features(rng: np.random.Generator, population: Population, customer: Ints, at: Floats) -> pl.Series:
    tenure = np.maximum(at - population.joined[customer], 0)
    advanced = rng.random(len(at)) < population.skill[customer] * (1 - np.exp(-tenure / LEARNING_DAYS))
    # Everybody has favourites: the first draws of a customer come back.
    place = (customer + np.minimum(rng.geometric(0.5, len(at)), 4)) % 4
    return labels(BASIC_FEATURES + ADVANCED_FEATURES, np.where(advanced, 4 + place, place))


def errand_events(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases, returned: pl.DataFrame
) -> pl.DataFrame:
    """Help asked for after trouble, and pages looked up because of a late delivery or goods to send back."""
    helps, late = _after_trouble(rng, purchases)
    idle = np.repeat(np.arange(population.size), rng.poisson(_IDLE_HELP_A_DAY * (world.days - population.joined)))
    idle_at = population.joined[idle] + rng.random(len(idle)) * (world.days - population.joined)[idle]
    idle_kept = rng.random(len(idle)) < activity(purchases.fading_from[idle], idle_at, 0.0)
    sent = rng.random(returned.height) < _LOOKS_UP_RETURNS
    who = [purchases.customer[helps], idle[idle_kept], purchases.customer[late], returned["_customer"].to_numpy()[sent]]
    days = [
        purchases.at[helps] + 1 + rng.exponential(2, len(helps)),
        idle_at[idle_kept],
        purchases.at[late] + 1 + rng.exponential(2, len(late)),
        returned["_at"].to_numpy()[sent] - 1 - rng.exponential(1, int(sent.sum())),
    ]
    sizes = [len(part) for part in who]
    customer, at = np.concatenate(who), np.concatenate(days)
    at = np.floor(at) + rng.triangular(8, 14, 22, len(at)) / 24
    kind = np.repeat([HELP, HELP, PAGE, PAGE], sizes)
    page = np.repeat([-1, -1, PAGES.index("delivery"), PAGES.index("returns")], sizes)
    visit = numbered("H", population.first * SESSIONS_PER_CUSTOMER + np.arange(len(at)), 10)
    return event_rows(rng, population, customer, at, kind, visit, page=page).filter(pl.col("_at") < world.days)


def _after_trouble(rng: np.random.Generator, purchases: Purchases) -> tuple[Ints, Ints]:
    """Orders after which help is asked for, and late ones whose delivery is looked up."""
    chance = rng.random(len(purchases.at))
    helps = np.flatnonzero(purchases.bad_service & (chance < _HELP_AFTER_TROUBLE))
    late = np.flatnonzero((purchases.trouble == TROUBLES.index("delivery")) & (chance > 1 - _LOOKS_UP_DELIVERY))
    return helps, late
