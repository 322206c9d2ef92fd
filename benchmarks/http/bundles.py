"""Bundles of any number of customers for benchmarks, made once a size and kept in a folder.

LightGBM churn and k-means segments of a synthetic shop; further customers repeat the features of its first ones, since
what the models say means nothing here. Beside each bundle lie ``ids.npy`` and ``features.npy`` for the contestants.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from experiments.studies import load_study
from features.engines import from_frames, to_pandas
from features.indicators import numbers
from features.snapshot import snapshot
from features.windows import to_days
from models.artifact import save
from models.predictor import fit_predictor
from models.sample import Sample
from models.segments.segmenter import fit_segmenter
from models.tasks import question
from serving.publication import write_bundle

START = datetime(2024, 1, 1)
AS_OF = to_days("2025-01-01")
DISTINCT = 1_450
"""Customers with features of their own, as many as the demo has."""
PART_ROWS = 50_000


def synthetic_orders(customers: int, lines: int, seed: int) -> pl.DataFrame:
    """``lines`` order lines a customer, spread over a year, a third of them in the last quarter."""
    rng = np.random.default_rng(seed)
    n = customers * lines
    days = np.minimum(rng.exponential(rng.choice([40.0, 250.0], customers).repeat(lines)), 364.0)
    return pl.DataFrame(
        {
            "order_id": np.char.add("o", (np.arange(n) // 2).astype(str)),
            "customer_id": np.char.add("c", np.arange(customers).repeat(lines).astype(str)),
            "at": [START + timedelta(days=365 - float(day)) - timedelta(hours=1) for day in days],
            "product_id": np.char.add("p", rng.integers(0, 500, n).astype(str)),
            "quantity": rng.integers(1, 9, n).astype(float),
            "unit_price": rng.lognormal(2, 0.8, n).round(2),
            "kind": rng.choice(["sale", "return"], n, p=[0.95, 0.05]),
        }
    )


def bundle_of(folder: Path, customers: int) -> Path:
    """The bundle of so many customers in ``folder``, made unless it is there; a draft cut off is made again."""
    mine = folder / f"{customers}"
    done = [path for path in mine.glob("*") if len(path.name) == 16 and path.is_dir()]
    if done:
        return done[0]
    shutil.rmtree(mine, ignore_errors=True)
    (mine / "models").mkdir(parents=True)
    known = to_pandas(snapshot(from_frames({"orders": synthetic_orders(DISTINCT, 10, seed=1)}), AS_OF))
    models = fitted(mine / "models", known)
    np.save(mine / "ids.npy", known["customer_id"].to_numpy(dtype="S"))
    version = write_bundle(mine / "draft", models, {}, parts(known, customers), AS_OF)
    return (mine / "draft").rename(mine / version)


def fitted(folder: Path, known: pd.DataFrame) -> dict[str, Path]:
    """Artifacts of models of the usual size; the booster also as LightGBM's text, with the features it reads."""
    X = known[numbers(known)].drop(columns="customer_id")
    coin = np.random.default_rng(2).random(len(X)) < 1 / (1 + X["purchase_recency_days"].to_numpy() / 30)
    sample = Sample(X, coin.astype(float), np.full(len(X), AS_OF), question("churn", (30.0,)))
    churn = fit_predictor("lightgbm", sample, {}, 1, calibrate=False)
    segments = fit_segmenter(X, load_study("segments").features.select(X.columns), "kmeans", {"k": 6}, 1)
    models: dict[str, Any] = {"churn": churn, "segments": segments}
    for name, model in models.items():
        save(folder / name, model, {})
    np.save(folder.parent / "features.npy", X[list(churn.features)].to_numpy(dtype=np.float64))
    return {name: folder / name for name in models}


def parts(known: pd.DataFrame, customers: int) -> Iterator[pd.DataFrame]:
    """The snapshot of all customers in parts: c0, c1, ... with the features of the known ones in turn."""
    for start in range(0, customers, PART_ROWS):
        numbers_here = np.arange(start, min(start + PART_ROWS, customers))
        part = known.iloc[numbers_here % len(known)].reset_index(drop=True)
        yield part.assign(customer_id=[f"c{number}" for number in numbers_here])
