"""What customers say: surveys and reviews after some orders, a ticket after some that went wrong."""

import numpy as np
import polars as pl

from features.tables import FEEDBACK
from pipelines.simulation.behaviour.purchases import TROUBLES, Purchases
from pipelines.simulation.behaviour.wording import CHOICES, FIRST, SENTENCES, TONES, TOPICS
from pipelines.simulation.people.population import Population, customer_numbers
from pipelines.simulation.shop.segments import Bools, Floats, Ints, column, labels
from pipelines.simulation.shop.world import World

SURVEYS = FEEDBACK.levels("kind")
TICKETS_AFTER_TROUBLE = 0.5
WORDS_WITH_SURVEY = 0.3
"""Share of nps and csat answers with a comment; reviews and tickets always have one."""
COMPLAINS_OF_PRICE = 0.35
"""Share of the fully price-sensitive who speak of the price when nothing went wrong, and not kindly."""
_NPS, _TICKET = SURVEYS.index("nps"), SURVEYS.index("ticket")
_TROUBLE_TOPICS = np.array([TOPICS.index(trouble) for trouble in TROUBLES])


def draw_feedback(rng: np.random.Generator, world: World, population: Population, purchases: Purchases) -> pl.DataFrame:
    """Surveys and reviews after some orders, a ticket after some that went wrong."""
    orders_n = len(purchases.customer)
    answers = rng.random(orders_n) < column("answers")[population.segment[purchases.customer]]
    tickets = purchases.bad_service & (rng.random(orders_n) < TICKETS_AFTER_TROUBLE)
    order = np.concatenate([np.flatnonzero(answers), np.flatnonzero(tickets)])
    bad = purchases.bad_service[order]
    asked = np.arange(len(order)) < answers.sum()
    survey = np.where(asked, rng.choice(3, len(order), p=(0.4, 0.35, 0.25)), _TICKET)
    mind = population.price_sensitivity[purchases.customer[order]]
    dear = ~bad & (rng.random(len(order)) < COMPLAINS_OF_PRICE * mind)
    felt = np.clip(purchases.satisfaction[order] + rng.normal(0, 0.08, len(order)) - 0.15 * dear, 0, 1)
    topic = _topics(rng, purchases.trouble[order], dear)
    at = np.floor(purchases.at[order] + 3 + rng.exponential(2, len(order))) + rng.uniform(8, 22, len(order)) / 24
    frame = pl.DataFrame(
        {
            "_at": at,
            "customer_no": customer_numbers(population, purchases.customer[order]),
            "survey": labels(SURVEYS, survey),
            "score": _scores(survey, felt, bad),
            "topic": labels(TOPICS, topic),
            "comment": _comments(rng, topic, np.where(bad, felt - 0.35, felt)),
        }
    )
    silent = pl.Series((survey < SURVEYS.index("review")) & (rng.random(len(order)) > WORDS_WITH_SURVEY))
    return frame.with_columns(pl.when(~silent).then(pl.col("comment"))).filter(pl.col("_at") < world.days)


def _topics(rng: np.random.Generator, trouble: Ints, dear: Bools) -> Ints:
    """What went wrong if something did; else the price, if it is minded, or anything."""
    anything = rng.choice(len(TOPICS), len(trouble), p=(0.30, 0.25, 0.15, 0.1, 0.20))
    topic = np.where(dear, TOPICS.index("price"), anything)
    return np.where(trouble >= 0, _TROUBLE_TOPICS[np.maximum(trouble, 0)], topic)


def _comments(rng: np.random.Generator, topic: Ints, mood: Floats) -> pl.Series:
    """A sentence on the topic, in the tone of the mood."""
    tone = np.select([mood > 0.62, mood > 0.45], [TONES.index("good"), TONES.index("mixed")], TONES.index("poor"))
    place = topic * len(TONES) + tone
    choice = np.floor(rng.random(len(topic)) * np.array(CHOICES)[place]).astype(np.int64)
    return labels(SENTENCES, np.array(FIRST)[place] + choice)


def _scores(survey: Ints, felt: Floats, bad: Bools) -> pl.Series:
    """nps 0..10 follows satisfaction; csat and review 1..5 follow the order itself; tickets have no score."""
    nps = np.clip(np.round(12.5 * felt), 0, 10)
    stars = np.clip(np.round(1 + 5 * np.where(bad, felt - 0.35, felt)), 1, 5)
    score = pl.Series(np.where(survey == _NPS, nps, stars)).cast(pl.Int64).cast(pl.String)
    return pl.select(pl.when(pl.Series(survey != _TICKET)).then(score)).to_series()
