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
from models.learners import Contributions, Params, _trees
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
    base = logit(base_hazards(sample.y, sample.question.horizons))
    shared = sample.once(("stacked bins", seed), lambda: _binned(sample, seed, base))
    booster = _trees.boosted(shared, params, seed, {"objective": "binary"})
    return Hazard(booster, shared.features, tuple(map(float, base)))


def _binned(sample: Sample, seed: int, base: Floats) -> _trees.Binned:
    """The bins of the stacked rows; a row is named as often as it is at risk, and never copied."""
    risks = at_risk(sample.y, sample.question.horizons)
    interval = np.repeat(np.arange(len(risks)), [len(events) for _, events in risks])
    return _trees.bin_sample(
        sample,
        seed,
        y=np.concatenate([events for _, events in risks]),
        rows=np.concatenate([np.flatnonzero(rows) for rows, _ in risks]),
        more=[interval.astype(np.float64)],
        start=base[interval],
    )


def predict(model: Hazard, X: pd.DataFrame) -> Floats:
    """(n, K) P(event within each horizon)."""
    rows = _trees.matrix(X, model.features)
    added = [_trees.answer(model.booster, _in_interval(rows, k), raw_score=True) for k in range(len(model.base))]
    return from_hazards(np.asarray(expit(np.column_stack(added) + np.asarray(model.base)), dtype=np.float64))


def contributions(model: Hazard, X: pd.DataFrame) -> Contributions:
    """Shapley values in log odds of an event in an interval, given none before; their mean over the intervals.

    What the interval itself adds belongs to the last column, with the base rates.
    """
    rows, intervals = _trees.matrix(X, model.features), range(len(model.base))
    each = [_trees.contributions(model.booster, _in_interval(rows, k)) for k in intervals]
    mean = np.asarray(sum(each[1:], each[0]) / len(each), dtype=np.float64)
    base = mean[:, -2] + mean[:, -1] + np.mean(model.base)
    return model.features, np.column_stack([mean[:, :-2], base])


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
