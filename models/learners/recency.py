"""Whoever bought lately buys again: a logistic regression on the days since the last order."""

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
COLUMN = "purchase_recency_days"
READS = (COLUMN,)


def space(trial: Trial) -> Params:
    """Strength of the ridge penalty."""
    return {"ridge": trial.suggest_float("ridge", 1e-3, 1e3, log=True)}


def fit(sample: Sample, params: Params, seed: int) -> Logit | Hazards:  # noqa: ARG001 - nothing random
    """Logistic regression on standardised log(1 + recency)."""
    return fit_logits(sample, _columns(sample.X), float(params["ridge"]))


def predict(model: Logit | Hazards, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1), or (n, K) for a curve; a null recency counts as the mean."""
    return apply_logits(model, _columns(X))


def contributions(model: Logit | Hazards, X: pd.DataFrame) -> Contributions:
    """Weight times distance from the training mean, in log odds; a null adds nothing."""
    return READS, contributions_of(model, _columns(X))


def importance(model: Logit | Hazards) -> dict[str, float]:
    """Absolute standardised weight."""
    return importance_of(model, READS)


def dump(model: Logit | Hazards) -> dict[str, bytes]:
    """One JSON file."""
    return {"recency.json": dump_logits(model)}


def load(files: Mapping[str, bytes]) -> Logit | Hazards:
    """What ``dump`` wrote."""
    return load_logits(files, "recency.json")


def _columns(X: pd.DataFrame) -> list[Floats]:
    return [np.log1p(np.maximum(column(X, COLUMN), 0.0))]
