"""Recency, frequency, monetary: the classic three on a log scale in a logistic regression."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.learners import Params
from models.logit import Logit, apply_logit, fit_logit
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

NAME = "logistic"
BASELINE = True
READS = ("purchase_recency_days", "purchase_orders_n", "purchase_spend")
DEFAULTS: Params = {"ridge": 1.0}
COLUMNS = ("purchase_recency_days", "purchase_orders_n", "purchase_spend")


def space(trial: Trial) -> Params:
    """Strength of the ridge penalty."""
    return {"ridge": trial.suggest_float("ridge", 1e-3, 1e3, log=True)}


def fit(sample: Sample, params: Params, seed: int) -> Logit:  # noqa: ARG001 - nothing random
    """Logistic regression on standardised log(1 + column)."""
    return fit_logit(_columns(sample.X), sample.y, float(params["ridge"]))


def predict(model: Logit, X: pd.DataFrame) -> Floats:
    """P(y = 1) a row; a null column counts as its average."""
    return apply_logit(model, _columns(X))


def importance(model: Logit) -> dict[str, float]:
    """Absolute standardised weights."""
    return {name: abs(weight) for name, weight in zip(COLUMNS, model.weights, strict=True)}


def dump(model: Logit) -> dict[str, bytes]:
    """One JSON file."""
    return {"logistic.json": json_bytes(model.state())}


def load(files: Mapping[str, bytes]) -> Logit:
    """The regression."""
    return Logit.of(json_from(files, "logistic.json"))


def _columns(X: pd.DataFrame) -> list[Floats]:
    return [np.log1p(np.maximum(column(X, name), 0.0)) for name in COLUMNS]
