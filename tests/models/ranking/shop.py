"""A small grocer: everybody has a few products they buy again, and tastes that come in two kinds."""

from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import polars as pl

from features.engines import Tables, from_frames
from features.item_history import COLUMN, item_histories
from features.windows import to_days
from models.question import Question
from models.ranking.sample import RankSample, sample_of
from models.tasks import NEXT_ITEMS
from models.tasks._products import next_items

START = datetime(2024, 1, 1)
CUTOFFS = [to_days(day) for day in ("2024-05-01", "2024-06-01", "2024-07-01", "2024-08-01")]
QUESTION = Question("next_product", "ranking", "horizon", (30.0,))
PRODUCTS = pl.DataFrame(
    {
        "product_id": [f"p{n:02d}" for n in range(40)],
        "name": [f"Product {n}" if n % 5 else None for n in range(40)],
        "category": [f"k{n % 4}" if n != 7 else None for n in range(40)],
    }
)


@cache
def orders(customers: int = 150, seed: int = 1) -> pl.DataFrame:
    """Order lines of 260 days; a line in twenty is a return or has no product, and two orders may be at one moment."""
    random, rows = np.random.default_rng(seed), []
    for number in range(customers):
        kind = random.integers(2) * 20
        favourites = kind + random.choice(20, 4, replace=False)
        at = START + timedelta(days=float(random.uniform(0, 60)))
        for order in range(40):
            size = int(random.integers(1, 4))
            chosen = np.where(
                random.random(size) < 0.6, random.choice(favourites, size), kind + random.integers(20, size=size)
            )
            for product in chosen:
                odd = random.random()
                rows.append(
                    (
                        f"c{number:03d}-{order}",
                        f"c{number:03d}",
                        at,
                        None if odd < 0.03 else f"p{product:02d}",
                        "return" if 0.03 <= odd < 0.06 else "sale",
                    )
                )
            if random.random() > 0.1:
                at += timedelta(days=float(random.exponential(15)))
            if at > START + timedelta(days=260):
                break
    names = ["order_id", "customer_id", "at", "product_id", "kind"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(quantity=1.0, unit_price=2.5)


def tables(lines: pl.DataFrame) -> Tables:
    """The grocer as canonical tables."""
    return from_frames({"orders": lines, "products": PRODUCTS})


def frame(lines: pl.DataFrame) -> pd.DataFrame:
    """The rows of a ranking's dataset at ``CUTOFFS``."""
    found, known = [], tables(lines)
    for as_of in CUTOFFS:
        rows = item_histories(known, as_of).join(
            next_items(known, as_of, 30.0, "horizon"), on="customer_id", how="left"
        )
        found.append(rows.with_columns(as_of=pl.lit(as_of), label=pl.col("label").fill_null(0.0)).to_pandas())
    return pd.concat(found, ignore_index=True)


def sample(rows: pd.DataFrame) -> RankSample:
    """The rows as a sample."""
    as_of = rows["as_of"].to_numpy()
    return sample_of(rows[COLUMN].tolist(), rows[NEXT_ITEMS].tolist(), as_of, PRODUCTS.to_pandas(), QUESTION)
