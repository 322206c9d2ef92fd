"""Shared by the learners of gradient-boosted trees: parameters, columns, row weights, fitting and predicting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.learners import Params
from models.learners._bins import binned
from models.learners._shapley import Tables, tables_of
from models.params import Trial
from models.sample import Floats, Rows, Sample, column

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

_TABLES: WeakKeyDictionary[lgb.Booster, Tables | None] = WeakKeyDictionary()
"""Made when a booster's contributions are first asked for: most boosters of a search are never asked."""

SEASON_DAYS = 730.0
"""Columns that only show the date are used once the cutoffs span two years: before, trees would memorise dates."""


def space(trial: Trial) -> Params:
    """Slow, small, heavily regularised trees, because the rows of one customer at many cutoffs are nearly copies."""
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


@dataclass(frozen=True)
class Binned:
    """What all fits on a sample share: its columns, their bins, and the cutoff ``as_of`` (n,) of each binned row."""

    features: tuple[str, ...]
    bins: lgb.Dataset
    as_of: Floats


def bin_sample(
    sample: Sample, seed: int, y: Floats, rows: Rows, more: Sequence[Floats] = (), start: Floats | None = None
) -> Binned:
    """The sample's usable columns at its ``rows`` (n,), binned, with labels ``y`` (n,).

    ``more`` are further columns (n,), which are not in the sample. ``start`` (n,) is an initial raw score per row, to
    which the trees add; without it they start from the mean.
    """
    features = usable(sample)
    columns = [column(sample.table, name) for name in features]
    bins = binned(columns, sample.places[rows], settings({}, seed), more)
    bins.set_label(y).set_init_score(start)
    return Binned(features, bins, sample.as_of[rows])


def boosted(sample: Binned, params: Params, seed: int, objective: Mapping[str, Any]) -> lgb.Booster:
    """A fitted booster, read back from its own text, so that the model scored is the model saved and loaded."""
    weight = weights(sample.as_of, float(params["half_life_days"]))
    # Not set_weight: it ignores None, and the weights of the fit before would stay.
    sample.bins.set_field("weight", None if weight is None else weight.astype(np.float32))
    chosen = {**settings(params, seed), **objective}
    trained = lgb.train(chosen, sample.bins, num_boost_round=int(params["n_estimators"]))
    return lgb.Booster(model_str=trained.model_to_string())


def answer(booster: lgb.Booster, X: Floats, raw_score: bool = False) -> Floats:
    """The booster's prediction (n,), on one thread: with two, a single row took far longer under load."""
    if len(X) == 0:
        return np.empty(0)
    return np.asarray(booster.predict(X, raw_score=raw_score, num_threads=1), dtype=np.float64)


def contributions(booster: lgb.Booster, X: Floats) -> Floats:
    """(n, columns + 1) what each column adds to the raw score, last the score without them.

    Exact Shapley values of the trees, by the path-dependent TreeSHAP of Lundberg et al. 2018 ("Consistent
    individualized feature attribution for tree ensembles"): by tables, or of many deep trees by LightGBM.
    """
    if len(X) == 0:
        return np.empty((0, booster.num_feature() + 1))
    if booster not in _TABLES:
        _TABLES[booster] = tables_of(booster)
    tables = _TABLES[booster]
    if tables is not None:
        return tables.contributions(X)
    return np.asarray(booster.predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)


def gains(booster: lgb.Booster, features: tuple[str, ...]) -> dict[str, float]:
    """Summed gain of the splits on each of ``features``, the booster's first columns; later columns are left out."""
    found = booster.feature_importance(importance_type="gain")[: len(features)]
    return {name: float(gain) for name, gain in zip(features, found, strict=True)}


def settings(params: Params, seed: int) -> dict[str, Any]:
    """LightGBM's settings for a learner's parameters, without the objective."""
    chosen = {name: value for name, value in params.items() if name not in ("n_estimators", "half_life_days")}
    return {
        "bagging_freq": 1,
        "num_threads": 1,
        "verbosity": -1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,  # twice as fast as by rows with hundreds of columns, of which a tree reads few
        "enable_bundle": False,  # the same trees a sixth sooner: hardly any two columns exclude each other
        "feature_pre_filter": False,
        **chosen,
    }


def usable(sample: Sample) -> tuple[str, ...]:
    """The columns to fit on: all, or within ``SEASON_DAYS`` only those that differ between customers at some cutoff."""
    if np.ptp(sample.as_of) >= SEASON_DAYS or len(sample.cutoffs()) < 2:
        return sample.names
    _, first, cutoff = np.unique(sample.as_of, return_index=True, return_inverse=True)
    return tuple(name for name in sample.names if differs(sample.column(name), first[cutoff])) or sample.names


def differs(values: Floats, others: Rows) -> bool:
    """Whether any of the values is not equal to that at its place in ``others``; a null equals a null."""
    for start in range(0, len(values), 10_000):  # most columns differ among the first rows already
        some = values[start : start + 10_000]
        other = values[others[start : start + 10_000]]
        if ((some != other) & ~(np.isnan(some) & np.isnan(other))).any():
            return True
    return False


def weights(as_of: Floats, half_life_days: float) -> Floats | None:
    """(n,) weights that halve for every ``half_life_days`` before the newest cutoff, with mean 1; None if all are 1."""
    if half_life_days <= 0.0 or np.ptp(as_of) == 0.0:
        return None
    weight = np.exp2((as_of - as_of.max()) / half_life_days)
    return np.asarray(weight / weight.mean(), dtype=np.float64)


def matrix(X: pd.DataFrame, features: tuple[str, ...]) -> Floats:
    """The columns in the model's order; NaN is null."""
    return np.ascontiguousarray(X.loc[:, list(features)].to_numpy(dtype=np.float64, na_value=np.nan))
