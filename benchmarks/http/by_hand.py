"""The yardstick: a service as one writes it by hand, FastAPI with pydantic, for the same booster and features.

``BENCHMARK_FOLDER=... BENCHMARK_CUSTOMERS=... uvicorn benchmarks.http.by_hand:app``. It answers churn only, has
neither metrics nor limits nor segments, and holds its features in memory.
"""

import os
from pathlib import Path

import lightgbm as lgb
import numpy as np
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

FOLDER = Path(os.environ["BENCHMARK_FOLDER"])
booster = lgb.Booster(model_file=FOLDER / "models" / "churn" / "lightgbm.txt")
features = np.load(FOLDER / "features.npy")
rows = {f"c{number}": number % len(features) for number in range(int(os.environ["BENCHMARK_CUSTOMERS"]))}
app = FastAPI()


class Asked(BaseModel):
    """Known customers by id."""

    customer_ids: list[str] = Field(min_length=1, max_length=1_000)


class Answer(BaseModel):
    """One customer's churn."""

    customer_id: str
    churn: float


class Answers(BaseModel):
    """One answer a known customer."""

    answers: list[Answer]
    unknown: list[str]


@app.post("/predict")
async def predict(asked: Asked) -> Answers:
    """Predict the known customers in one call of the booster."""
    known = [name for name in asked.customer_ids if name in rows]
    if not known:
        raise HTTPException(404, "no customer is known")
    found = booster.predict(features[[rows[name] for name in known]], num_threads=1)
    answers = [Answer(customer_id=name, churn=value) for name, value in zip(known, found, strict=True)]
    return Answers(answers=answers, unknown=[name for name in asked.customer_ids if name not in rows])


@app.get("/readyz")
async def ready() -> str:
    """Whether it answers."""
    return "ready"
