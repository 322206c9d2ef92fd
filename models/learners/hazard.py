"""Discrete-time hazards by gradient-boosted trees: the chance of an event in each interval between horizons.

A customer gives one row for each interval that they entered without an event and were observed to the end of. So recent
cutoffs count, although their longest horizon is not over. One booster serves all intervals, with the interval as a
column: later intervals, in which fewer customers are observed, learn from earlier ones. The booster starts from each
interval's base rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from models.curves import at_risk, base_hazards, from_hazards
from models.learners import Params, _trees
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample

TARGETS = ("curve",)
DEFAULTS: Params = _trees.DEFAULTS


@dataclass(frozen=True)
class Hazard:
    """``base`` are the log odds of an event in each interval, to which the booster adds. The booster reads ``features``
    in order, then the number of the interval, from 0."""

    booster: lgb.Booster
    features: tuple[str, ...]
    base: tuple[float, ...]


def space(trial: Trial) -> Params:
    """Slow, small, heavily regularised trees."""
    return _trees.space(trial)


def fit(sample: Sample, params: Params, seed: int) -> Hazard:
    """Trees on the rows at risk in every interval, stacked."""
    features, horizons = _trees.usable(sample), sample.question.horizons
    base = logit(base_hazards(sample.y, horizons))
    X, risks = _trees.matrix(sample.X, features), at_risk(sample.y, horizons)
    booster = _trees.boosted(
        np.concatenate([_in_interval(X[rows], k) for k, (rows, _) in enumerate(risks)]),
        np.concatenate([events for _, events in risks]),
        _trees.weights(np.concatenate([sample.as_of[rows] for rows, _ in risks]), float(params["half_life_days"])),
        {**_trees.settings(params, seed), "objective": "binary"},
        int(params["n_estimators"]),
        start=np.concatenate([np.full(int(rows.sum()), base[k]) for k, (rows, _) in enumerate(risks)]),
    )
    return Hazard(booster, features, tuple(map(float, base)))


def predict(model: Hazard, X: pd.DataFrame) -> Floats:
    """(n, K) P(event within each horizon)."""
    rows = _trees.matrix(X, model.features)
    added = [_trees.answer(model.booster, _in_interval(rows, k), raw_score=True) for k in range(len(model.base))]
    return from_hazards(np.asarray(expit(np.column_stack(added) + np.asarray(model.base)), dtype=np.float64))


def importance(model: Hazard) -> dict[str, float]:
    """Summed gain of the splits on each feature; splits on the interval are left out."""
    return _trees.gains(model.booster, model.features)


def dump(model: Hazard) -> dict[str, bytes]:
    """LightGBM's own text, the column order and the base rates."""
    about = {"features": list(model.features), "base": list(model.base)}
    return {"hazard.txt": model.booster.model_to_string().encode(), "hazard.json": json_bytes(about)}


def load(files: Mapping[str, bytes]) -> Hazard:
    """The trees. The text must come from a hash-checked file: LightGBM crashes on a corrupted one."""
    about = json_from(files, "hazard.json")
    booster = lgb.Booster(model_str=files["hazard.txt"].decode())
    return Hazard(booster, tuple(about["features"]), tuple(about["base"]))


def _in_interval(X: Floats, k: int) -> Floats:
    return np.column_stack([X, np.full(len(X), float(k))])
