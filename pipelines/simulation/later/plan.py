"""The shop's plans: which campaign is about what, and what is known of its competitors."""

import numpy as np
import polars as pl

from pipelines.simulation.behaviour.campaigns import SLOT_DAYS
from pipelines.simulation.shop.product_catalogue import CATEGORIES
from pipelines.simulation.shop.world import World

TOPICS = ("news", *CATEGORIES)
STRATEGIES = ("inform", "inspire", "win back")
OFFER_EVERY = 4
"""One campaign in so many has an offer."""
RIVALS = ("Rival & Co", "Hearth")
YEAR_DAYS = 365


def topic_of(campaign: pl.Expr) -> pl.Expr:
    """What a campaign (N001, N002, ...) is about: every second one is news, the others go round the categories."""
    number = campaign.str.slice(1).cast(pl.Int64)
    place = pl.when(number % 2 == 0).then(number // 2 % len(CATEGORIES) + 1).otherwise(0)
    return place.replace_strict(dict(enumerate(TOPICS)), return_dtype=pl.String)


def campaign_plan(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """One row a campaign; ``_at`` is its first day."""
    number = np.arange(1, int(world.days // SLOT_DAYS) + 1)
    begins = (number - 1.0) * SLOT_DAYS
    plan = pl.DataFrame({"_at": begins, "_begins": begins, "_ends": begins + 2 * SLOT_DAYS})
    return plan.with_columns(
        campaign=pl.Series([f"N{n:03d}" for n in number], dtype=pl.String),
        strategy=pl.Series([STRATEGIES[n % len(STRATEGIES)] for n in number], dtype=pl.String),
        offer=pl.Series(["10% off" if n % OFFER_EVERY == 0 else None for n in number], dtype=pl.String),
        budget=pl.Series(np.round(rng.uniform(80, 400, len(number)), 2)),
    ).with_columns(topics=topic_of(pl.col("campaign")), title=pl.concat_str(pl.lit("Week "), pl.col("campaign")))


def market_study(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """What a market study says of each country and year: everybody together, and two rivals."""
    countries = ("United Kingdom", "Ireland", "France", "Germany")
    years = [str(world.start.astype("datetime64[Y]") + n) for n in range(int(world.days // YEAR_DAYS) + 1)]
    rows = []
    for number, year in enumerate(years):
        for country in countries:
            shoppers = float(np.round(rng.uniform(20_000, 90_000), -2))
            for rival, share in ((None, 1.0), *((name, float(rng.uniform(0.05, 0.3))) for name in RIVALS)):
                bought = round(shoppers * share) * 210.0
                rows.append(
                    {"_at": number * YEAR_DAYS, "year": year, "country": country, "rival": rival,
                     "shoppers": str(round(shoppers * share)), "turnover": f"{bought:.2f}",
                     "margin": f"{bought * 0.3:.2f}", "study": "household panel"}
                )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"rival": pl.String, "_at": pl.Float64})
