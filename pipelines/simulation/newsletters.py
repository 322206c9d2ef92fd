"""Newsletters: who got them, opened them, clicked, and had enough of them."""

import numpy as np
import polars as pl

from pipelines.simulation.population import Population, customer_numbers, numbered
from pipelines.simulation.purchases import NEUTRAL_SATISFACTION, Purchases
from pipelines.simulation.segments import Bools, Floats, Ints
from pipelines.simulation.world import World

CAMPAIGN_EVERY_DAYS = 14
GONE_OPENING = 0.25
"""How much of their opening is left once customers are gone."""
_MINUTE = 1 / 1440


def draw_newsletters(
    rng: np.random.Generator, world: World, population: Population, purchases: Purchases
) -> pl.DataFrame:
    """Newsletters sent to those who agreed, until they unsubscribe; opens and clicks fade once the customer is gone."""
    days = np.arange(CAMPAIGN_EVERY_DAYS / 2, world.days, CAMPAIGN_EVERY_DAYS) // 1 + 10 / 24
    unhappy = np.exp(3 * (NEUTRAL_SATISFACTION - purchases.last_satisfaction))
    unsubscribed = population.joined + rng.exponential(900 / unhappy)
    listed = population.consent[:, None] & (days > population.joined[:, None]) & (days < unsubscribed[:, None])
    customer, campaign = np.nonzero(listed)
    sent_at = days[campaign]
    gone = sent_at > purchases.dropout_at[customer]
    opened = rng.random(len(customer)) < population.opens[customer] * np.where(gone, GONE_OPENING, 1.0)
    clicked = opened & (rng.random(len(customer)) < population.clicks[customer])
    bounced = ~opened & (rng.random(len(customer)) < 0.01)
    opened_at = sent_at + rng.gamma(1.5, 2 / 24, len(customer))
    parts = [
        _mails(population, customer, campaign, sent_at, "sent", np.ones(len(customer), dtype=np.bool_)),
        _mails(population, customer, campaign, opened_at, "open", opened),
        _mails(population, customer, campaign, opened_at + rng.uniform(1, 9) * _MINUTE, "click", clicked),
        _mails(population, customer, campaign, sent_at + _MINUTE, "bounce", bounced),
        _unsubscribed(population, unsubscribed, days),
    ]
    return pl.concat(parts).filter(pl.col("_at") < world.days)


def _mails(
    population: Population, customer: Ints, campaign: Ints, at: Floats, reaction: str, chosen: Bools
) -> pl.DataFrame:
    who = customer[chosen]
    return pl.DataFrame(
        {
            "_at": at[chosen],
            "_customer": who,
            "customer_no": customer_numbers(population, who),
            "campaign": numbered("N", campaign[chosen] + 1, 3),
            "reaction": pl.repeat(reaction, len(who), eager=True),
        }
    )


def _unsubscribed(population: Population, unsubscribed: Floats, days: Floats) -> pl.DataFrame:
    """They leave by the link in the last newsletter they got; those who never got one cannot."""
    last = np.searchsorted(days, unsubscribed) - 1
    chosen = population.consent & (last >= 0) & (last < len(days) - 1)
    chosen &= days[np.maximum(last, 0)] > population.joined
    at = days[np.maximum(last, 0)] + 0.5
    return _mails(population, np.arange(population.size), np.maximum(last, 0), at, "unsubscribe", chosen)
