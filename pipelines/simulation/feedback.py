"""What customers say: surveys and reviews after some orders, a ticket after some that went wrong."""

import numpy as np
import polars as pl

from pipelines.simulation.population import Population, customer_numbers
from pipelines.simulation.purchases import Purchases
from pipelines.simulation.segments import Bools, Floats, Ints, column, labels
from pipelines.simulation.world import World

SURVEYS = ("nps", "csat", "review", "ticket")
TOPICS = ("delivery", "quality", "service", "price", "product")
_GOOD_WORDS = {
    "delivery": "Arrived early and well packed.",
    "quality": "Lovely quality, better than the picture.",
    "service": "Friendly help on the phone.",
    "price": "Good value for the money.",
    "product": "Exactly what I was looking for.",
}
_BAD_WORDS = {
    "delivery": "It came a week late and the box was crushed.",
    "quality": "It broke on the second day.",
    "service": "Nobody answers my messages.",
    "price": "Cheaper elsewhere, I feel overcharged.",
    "product": "Not as described.",
}


def draw_feedback(rng: np.random.Generator, world: World, population: Population, purchases: Purchases) -> pl.DataFrame:
    """Surveys and reviews after some orders, a ticket after some that went wrong."""
    orders_n = len(purchases.customer)
    answers = rng.random(orders_n) < column("answers")[population.segment[purchases.customer]]
    tickets = purchases.bad_service & (rng.random(orders_n) < 0.35)
    order = np.concatenate([np.flatnonzero(answers), np.flatnonzero(tickets)])
    bad = purchases.bad_service[order]
    asked = np.arange(len(order)) < answers.sum()
    survey = np.where(asked, rng.choice(3, len(order), p=(0.4, 0.35, 0.25)), SURVEYS.index("ticket"))
    topic = rng.choice(len(TOPICS), len(order), p=(0.35, 0.25, 0.15, 0.1, 0.15))
    at = np.floor(purchases.at[order] + 3 + rng.exponential(2, len(order))) + rng.uniform(8, 22, len(order)) / 24
    frame = pl.DataFrame(
        {
            "_at": at,
            "customer_no": customer_numbers(population, purchases.customer[order]),
            "survey": labels(SURVEYS, survey),
            "score": _scores(rng, survey, purchases.satisfaction[order], bad),
            "topic": labels(TOPICS, topic),
            "_bad": bad,
        }
    )
    good, poor = pl.col("topic").replace_strict(_GOOD_WORDS), pl.col("topic").replace_strict(_BAD_WORDS)
    says = pl.when(pl.col("_bad")).then(poor).otherwise(good)
    written = pl.col("survey").is_in(["review", "ticket"])
    return (
        frame.with_columns(pl.when(written).then(says).alias("comment")).drop("_bad").filter(pl.col("_at") < world.days)
    )


def _scores(rng: np.random.Generator, survey: Ints, satisfaction: Floats, bad: Bools) -> pl.Series:
    """nps 0..10 follows satisfaction; csat and review 1..5 follow the order itself; tickets have no score."""
    felt = np.clip(satisfaction + rng.normal(0, 0.08, len(bad)), 0, 1)
    nps = np.clip(np.round(12.5 * felt), 0, 10)
    stars = np.clip(np.round(1 + 5 * np.where(bad, felt - 0.35, felt)), 1, 5)
    score = pl.Series(np.where(survey == SURVEYS.index("nps"), nps, stars)).cast(pl.Int64).cast(pl.String)
    return pl.select(pl.when(pl.Series(survey != SURVEYS.index("ticket"))).then(score)).to_series()
