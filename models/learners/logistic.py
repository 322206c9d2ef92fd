"""RFM: a logistic regression on the logarithms of recency, frequency and monetary value."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.learners import Contributions, Params
from models.learners._logits import (
    Hazards,
    apply_logits,
    contributions_of,
    dump_logits,
    fit_logits,
    importance_of,
    load_logits,
)
from models.logit import Logit
from models.params import Trial
from models.sample import Floats, Sample, column

BASELINE = True
TARGETS = ("binary", "curve")
DEFAULTS: Params = {"ridge": 1.0}
COLUMNS = ("purchase_recency_days", "purchase_orders_n", "purchase_spend")
READS = COLUMNS


def space(trial: Trial) -> Params:
    """Strength of the ridge penalty."""
    return {"ridge": trial.suggest_float("ridge", 1e-3, 1e3, log=True)}


def fit(sample: Sample, params: Params, seed: int) -> Logit | Hazards:  # noqa: ARG001 - nothing random
    """Logistic regression on standardised log(1 + column)."""
    return fit_logits(sample, _columns(sample.X), float(params["ridge"]))


def predict(model: Logit | Hazards, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1), or (n, K) for a curve; a null counts as the column's mean."""
    return apply_logits(model, _columns(X))


def contributions(model: Logit | Hazards, X: pd.DataFrame) -> Contributions:
    """Weight times distance from the training mean, in log odds; a null adds nothing."""
    return COLUMNS, contributions_of(model, _columns(X))


def importance(model: Logit | Hazards) -> dict[str, float]:
    """Absolute standardised weights."""
    return importance_of(model, COLUMNS)


def dump(model: Logit | Hazards) -> dict[str, bytes]:
    """One JSON file."""
    return {"logistic.json": dump_logits(model)}


def load(files: Mapping[str, bytes]) -> Logit | Hazards:
    """What ``dump`` wrote."""
    return load_logits(files, "logistic.json")


def _columns(X: pd.DataFrame) -> list[Floats]:
    return [np.log1p(np.maximum(column(X, name), 0.0)) for name in COLUMNS]
