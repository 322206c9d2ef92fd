"""Bins made from columns are LightGBM's own, and one set of bins serves all trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models.learners import _trees, hazard, lightgbm
from models.learners._bins import PUSHED_ROWS, binned
from models.question import Question
from models.sample import Sample

TRIALS: list[dict[str, Any]] = [
    {"n_estimators": 12, "half_life_days": 90.0, "min_data_in_leaf": 400, "num_leaves": 4},
    {"n_estimators": 20, "half_life_days": 0.0, "min_data_in_leaf": 30, "feature_fraction": 0.9},
    {"n_estimators": 12, "half_life_days": 365.0, "learning_rate": 0.08, "bagging_fraction": 0.3},
]


def table(n: int, seed: int = 0) -> pd.DataFrame:
    """Columns of every kind: dense, mostly zero, with nulls, of few values, constant, and exclusive of one another."""
    random = np.random.default_rng(seed)
    columns = {"dense": random.normal(size=n), "counts": random.poisson(0.3, n).astype(float), "constant": 7.0}
    columns |= {"nulls": np.where(random.random(n) < 0.4, np.nan, random.normal(size=n))}
    columns |= {f"level={k}": (random.integers(0, 8, n) == k).astype(float) for k in range(5)}
    columns |= {f"rare_{k}": np.where(random.random(n) < 0.02, random.random(n), 0.0) for k in range(8)}
    columns |= {"only_null": np.full(n, np.nan), "tiny": random.normal(size=n) * 1e-36}
    return pd.DataFrame(columns)


def sample(question: Question, n: int = 3 * PUSHED_ROWS) -> Sample:
    """Every second row of a table of ``2 n``, at twelve cutoffs."""
    X = table(2 * n)
    random = np.random.default_rng(1)
    p = 1 / (1 + np.exp(X["dense"] - X["counts"]))
    y = (random.random(2 * n) < p).astype(float)
    if question.target == "curve":
        days = random.exponential(60 * p)
        y = np.column_stack([np.where(days < 60, days, np.inf), random.choice([20.0, 40.0, 60.0], 2 * n)])
    as_of = np.sort(random.integers(0, 12, 2 * n)) * 15.0
    return Sample(X, y, as_of, question).where(np.arange(2 * n) % 2 == 0)


CHURN = Question("churn", "binary", "lapses", (30.0,))
NEXT = Question("next_purchase", "curve", "next_order", (7.0, 30.0, 60.0))


def text_of(X: np.ndarray, y: np.ndarray, weight: Any, start: Any, params: dict[str, Any]) -> str:
    """The booster that LightGBM fits to a matrix, as it was fitted before bins were shared."""
    data = lgb.Dataset(X, label=y, weight=weight, init_score=start)
    chosen = {**_trees.settings(params, 3), "objective": "binary"}
    return lgb.train(chosen, data, num_boost_round=params["n_estimators"]).model_to_string()


@pytest.mark.parametrize("own", ["matrix", "many rows"])
def test_bins_from_columns_are_those_of_a_matrix(own: str) -> None:
    """Beyond 200,000 rows LightGBM draws those it finds bins for."""
    n = 30_000 if own == "matrix" else 230_000
    X = table(n)
    y = (X["dense"] > X["counts"]).to_numpy(float)
    params = {**lightgbm.DEFAULTS, "n_estimators": 5}
    bins = binned([X[name].to_numpy() for name in X], np.arange(n), _trees.settings({}, 3))
    bins.set_label(y)
    trained = lgb.train({**_trees.settings(params, 3), "objective": "binary"}, bins, num_boost_round=5)
    assert trained.model_to_string() == text_of(X.to_numpy(), y, None, None, params)


def test_every_trial_on_shared_bins_is_the_same_to_the_last_bit_as_one_fitted_afresh() -> None:
    rows = sample(CHURN)
    for trial in (*TRIALS, TRIALS[0]):
        params = {**lightgbm.DEFAULTS, **trial}
        shared = lightgbm.fit(rows, params, 3)
        X = rows.X[list(shared.features)].to_numpy()
        weight = _trees.weights(rows.as_of, params["half_life_days"])
        assert (
            shared.booster.model_to_string()
            == lgb.Booster(model_str=text_of(X, rows.y, weight, None, params)).model_to_string()
        )


def test_the_hazard_of_shared_bins_is_that_of_stacked_rows() -> None:
    """The oracle stacks copies of the rows at risk in each interval, and starts from the log odds of the interval."""
    rows = sample(NEXT, 9_000)
    for trial in TRIALS:
        params = {**hazard.DEFAULTS, **trial}
        shared = hazard.fit(rows, params, 3)
        stacked: list[tuple[np.ndarray, ...]] = []
        for k, end in enumerate(NEXT.horizons):
            begin = (0.0, *NEXT.horizons)[k]
            at = (rows.y[:, 0] >= begin) & (rows.y[:, 1] >= end)
            X = rows.X.loc[at, list(shared.features)].to_numpy()
            events = (rows.y[at, 0] < end).astype(float)
            rate = (events.sum() + 0.5) / (len(events) + 1.0)
            start = np.full(len(X), np.log(rate / (1.0 - rate)))
            stacked.append((np.column_stack([X, np.full(len(X), float(k))]), events, rows.as_of[at], start))
        X, y, as_of, start = (np.concatenate(each) for each in zip(*stacked, strict=True))
        oracle = lgb.Booster(model_str=text_of(X, y, _trees.weights(as_of, params["half_life_days"]), start, params))
        assert shared.booster.model_to_string() == oracle.model_to_string()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    made: list[int] = []
    monkeypatch.setattr(_trees, "binned", lambda *args: (made.append(1), binned(*args))[1])
    yield made


def test_the_bins_of_a_sample_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sample(CHURN, 2_000)
    with counted(monkeypatch) as made:
        for trial in TRIALS:
            lightgbm.fit(rows, {**lightgbm.DEFAULTS, **trial}, 3)
        assert len(made) == 1
        lightgbm.fit(rows.where(rows.as_of < 100.0), {**lightgbm.DEFAULTS, **TRIALS[0]}, 3)
        assert len(made) == 2, "other rows have other bins"


def test_fitting_trees_never_builds_the_matrix() -> None:
    rows = sample(CHURN, 2_000)
    lightgbm.fit(rows, {**lightgbm.DEFAULTS, **TRIALS[0]}, 3)
    assert "X" not in vars(rows)
