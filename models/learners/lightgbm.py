"""Gradient-boosted trees on all features, kept small: a panel repeats few customers over many cutoffs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.learners import Params
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample

NAME = "lightgbm"
BASELINE = False
DEFAULTS: Params = {
    "n_estimators": 300,
    "learning_rate": 0.02,
    "num_leaves": 8,
    "min_data_in_leaf": 150,
    "feature_fraction": 0.25,
    "bagging_fraction": 0.6,
    "lambda_l2": 10.0,
    "half_life_days": 0.0,
}

SEASON_DAYS = 730.0
"""Cutoffs must span two years before a column that only tells the date is used: until then it memorises dates."""


@dataclass(frozen=True)
class Trees:
    """A booster and, in order, the columns it was fitted on."""

    booster: lgb.Booster
    features: tuple[str, ...]


def space(trial: Trial) -> Params:
    """Slow, small, heavily regularised trees: rows of one customer at many cutoffs are nearly copies."""
    return {
        "n_estimators": trial.suggest_int("n_estimators", 80, 400, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.015, 0.08, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 3, 31, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 30, 1000, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.15, 0.9),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.3, 0.9),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 300.0, log=True),
        "half_life_days": trial.suggest_categorical("half_life_days", (0.0, 90.0, 365.0)),
    }


def fit(sample: Sample, params: Params, seed: int) -> Trees:
    """Trees on the columns of ``sample.X`` that tell customers apart; their order is kept with the model."""
    features = _usable(sample)
    rows = lgb.Dataset(_matrix(sample.X, features), label=sample.y, weight=_weights(sample, params))
    booster = lgb.train(_settings(params, seed), rows, num_boost_round=int(params["n_estimators"]))
    return _trees(booster.model_to_string(), features)


def predict(model: Trees, X: pd.DataFrame) -> Floats:
    """P(y = 1) a row, on one thread: two made a single row far slower under load."""
    if len(X) == 0:
        return np.empty(0)
    p = model.booster.predict(_matrix(X, model.features), num_threads=1)
    return np.asarray(p, dtype=np.float64)


def importance(model: Trees) -> dict[str, float]:
    """Summed gain of the splits on each feature."""
    gains = model.booster.feature_importance(importance_type="gain")
    return {name: float(gain) for name, gain in zip(model.features, gains, strict=True)}


def dump(model: Trees) -> dict[str, bytes]:
    """LightGBM's own text and the column order."""
    return {
        "lightgbm.txt": model.booster.model_to_string().encode(),
        "lightgbm.json": json_bytes({"features": list(model.features)}),
    }


def load(files: Mapping[str, bytes]) -> Trees:
    """The trees. The text must come from a hash-checked file: LightGBM crashes on a corrupted one."""
    features = json_from(files, "lightgbm.json")["features"]
    return _trees(files["lightgbm.txt"].decode(), tuple(features))


def _trees(text: str, features: tuple[str, ...]) -> Trees:
    # Through the text even when freshly fitted, so that what is scored is what is saved and loaded.
    return Trees(lgb.Booster(model_str=text), features)


def _usable(sample: Sample) -> tuple[str, ...]:
    """All columns, but until two years are seen none that is the same for everyone at each cutoff."""
    names = tuple(str(name) for name in sample.X.columns)
    if np.ptp(sample.as_of) >= SEASON_DAYS or len(sample.cutoffs()) < 2:
        return names
    spread = sample.X.groupby(sample.as_of).nunique(dropna=False).max()
    return tuple(name for name in names if spread[name] > 1) or names


def _settings(params: Params, seed: int) -> dict[str, Any]:
    chosen = {name: value for name, value in params.items() if name not in ("n_estimators", "half_life_days")}
    return {
        "objective": "binary",
        "bagging_freq": 1,
        "num_threads": 1,
        "verbosity": -1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,  # with hundreds of columns, of which a tree reads a few, twice as fast as by rows
        "feature_pre_filter": False,
        **chosen,
    }


def _weights(sample: Sample, params: Params) -> Floats | None:
    """Half the weight for every ``half_life_days`` a row lies before the newest cutoff; none if that is 0."""
    half_life_days = float(params.get("half_life_days", 0.0))
    if half_life_days <= 0.0:
        return None
    age_days = sample.as_of.max() - sample.as_of
    weights = np.exp2(-age_days / half_life_days)
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _matrix(X: pd.DataFrame, features: tuple[str, ...]) -> Floats:
    return np.ascontiguousarray(X.loc[:, list(features)].to_numpy(dtype=np.float64, na_value=np.nan))
