"""The base rate for everyone: what a score is worth that knows nothing about the customer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.learners import Params
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample

NAME = "constant"
BASELINE = True
READS = ()
DEFAULTS: Params = {}


@dataclass(frozen=True)
class Constant:
    """One probability."""

    rate: float


def space(trial: Trial) -> Params:  # noqa: ARG001 - nothing to tune
    """No parameters."""
    return {}


def fit(sample: Sample, params: Params, seed: int) -> Constant:  # noqa: ARG001 - nothing random
    """The share of ones, with half a one and half a zero added so that it is never exactly 0 or 1."""
    return Constant(float((sample.y.sum() + 0.5) / (len(sample) + 1.0)))


def predict(model: Constant, X: pd.DataFrame) -> Floats:
    """The same rate for every row."""
    return np.full(len(X), model.rate)


def importance(model: Constant) -> dict[str, float]:  # noqa: ARG001 - it looks at nothing
    """No feature."""
    return {}


def dump(model: Constant) -> dict[str, bytes]:
    """One JSON file."""
    return {"constant.json": json_bytes({"rate": model.rate})}


def load(files: Mapping[str, bytes]) -> Constant:
    """The rate."""
    return Constant(float(json_from(files, "constant.json")["rate"]))
