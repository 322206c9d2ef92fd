"""Who bought last, buys next: a logistic curve on the days since the last order."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.learners import Params
from models.logit import Logit, apply_logit, fit_logit
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

NAME = "recency"
BASELINE = True
READS = ("purchase_recency_days",)
DEFAULTS: Params = {"ridge": 1.0}
COLUMN = "purchase_recency_days"


def space(trial: Trial) -> Params:
    """Strength of the ridge penalty."""
    return {"ridge": trial.suggest_float("ridge", 1e-3, 1e3, log=True)}


def fit(sample: Sample, params: Params, seed: int) -> Logit:  # noqa: ARG001 - nothing random
    """A one-dimensional logistic regression on log(1 + recency)."""
    return fit_logit(_columns(sample.X), sample.y, float(params["ridge"]))


def predict(model: Logit, X: pd.DataFrame) -> Floats:
    """P(y = 1) a row; a null recency counts as the average one."""
    return apply_logit(model, _columns(X))


def importance(model: Logit) -> dict[str, float]:
    """Absolute standardised weight."""
    return {COLUMN: abs(model.weights[0])}


def dump(model: Logit) -> dict[str, bytes]:
    """One JSON file."""
    return {"recency.json": json_bytes(model.state())}


def load(files: Mapping[str, bytes]) -> Logit:
    """The curve."""
    return Logit.of(json_from(files, "recency.json"))


def _columns(X: pd.DataFrame) -> list[Floats]:
    return [np.log1p(np.maximum(column(X, COLUMN), 0.0))]
