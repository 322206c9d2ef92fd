"""Gradient-boosted trees on all features, small ones, because a dataset repeats each customer at many cutoffs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.amounts import floored
from models.learners import Contributions, Params, _trees
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample

TARGETS = ("binary", "amount")
DEFAULTS: Params = _trees.DEFAULTS

OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "amount": {"objective": "tweedie", "tweedie_variance_power": 1.5},  # as in the deviance that scores the answers
}

TINY = 1e-9
"""Amounts of 0 are raised to this share of the mean: LightGBM refuses Tweedie labels that are all 0."""


@dataclass(frozen=True)
class Trees:
    """A booster and its columns, in order; for amounts, ``mean`` is what the labels were divided by."""

    booster: lgb.Booster
    features: tuple[str, ...]
    mean: float | None = None


def space(trial: Trial) -> Params:
    """Slow, small, heavily regularised trees."""
    return _trees.space(trial)


def fit(sample: Sample, params: Params, seed: int) -> Trees:
    """Trees on the columns of the sample that differ between customers."""
    target = sample.question.target
    mean = _mean(sample.y) if target == "amount" else None
    shared = sample.once(("bins", seed), lambda: _binned(sample, seed, mean))
    return Trees(_trees.boosted(shared, params, seed, OBJECTIVES[target]), shared.features, mean)


def _binned(sample: Sample, seed: int, mean: float | None) -> _trees.Binned:
    y = sample.y if mean is None else np.maximum(sample.y / mean, TINY)
    return _trees.bin_sample(sample, seed, y, np.arange(len(sample)))


def predict(model: Trees, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1) or expected amounts."""
    found = _trees.answer(model.booster, _trees.matrix(X, model.features))
    return found if model.mean is None else floored(found * model.mean, model.mean)


def contributions(model: Trees, X: pd.DataFrame) -> Contributions:
    """Shapley values in log odds, or in the logarithm of the amount before its floor."""
    found = _trees.contributions(model.booster, _trees.matrix(X, model.features))
    found[:, -1] += 0.0 if model.mean is None else np.log(model.mean)
    return model.features, found


def importance(model: Trees) -> dict[str, float]:
    """Summed gain of the splits on each feature."""
    return _trees.gains(model.booster, model.features)


def dump(model: Trees) -> dict[str, bytes]:
    """LightGBM's own text, the column order and the mean."""
    about = {"features": list(model.features), "mean": model.mean}
    return {"lightgbm.txt": model.booster.model_to_string().encode(), "lightgbm.json": json_bytes(about)}


def load(files: Mapping[str, bytes]) -> Trees:
    """The trees. The text must come from a hash-checked file: LightGBM crashes on a corrupted one."""
    about = json_from(files, "lightgbm.json")
    booster = lgb.Booster(model_str=files["lightgbm.txt"].decode())
    # Artifacts of 0.2.0 and before have no mean: they answer with probabilities.
    return Trees(booster, tuple(about["features"]), about.get("mean"))


def _mean(y: Floats) -> float:
    """The mean label; 1 where nobody spent anything."""
    return float(np.mean(y)) or 1.0
