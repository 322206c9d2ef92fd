"""Contributions of trees: by the definition of Shapley values, and as LightGBM computes them."""

from itertools import permutations
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from models.learners import _shapley, _trees
from models.learners._shapley import tables_of
from models.sample import Floats

SETTINGS = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "learning_rate": 0.2}


def trained(columns: int, leaves: int, rounds: int, rows: int = 2000, seed: int = 0) -> tuple[lgb.Booster, Floats]:
    """A booster, and rows with nulls in every column, also in those that had none in training."""
    random = np.random.default_rng(seed)
    X = np.round(random.normal(size=(rows, columns)), 1)
    X[:, ::2][random.uniform(size=X[:, ::2].shape) < 0.2] = np.nan
    score = np.nan_to_num(X)[:, 0] - np.nan_to_num(X)[:, 1] * np.nan_to_num(X)[:, 2]
    y = (random.uniform(size=rows) < 1 / (1 + np.exp(-score))).astype(float)
    booster = lgb.train({**SETTINGS, "num_leaves": leaves}, lgb.Dataset(X, y), rounds)
    asked = X.copy()
    asked[random.uniform(size=X.shape) < 0.1] = np.nan
    return lgb.Booster(model_str=booster.model_to_string()), asked


def expectation(node: dict[str, Any], row: Floats, known: frozenset[int]) -> float:
    """The tree's value if only some columns are known: at other tests both ways, weighted by training rows."""
    if "split_feature" not in node:
        return float(node["leaf_value"])
    sides = [node["left_child"], node["right_child"]]
    if node["split_feature"] in known:
        value = row[node["split_feature"]]
        if np.isnan(value):
            left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0
        else:
            left = value <= node["threshold"]
        return expectation(sides[0 if left else 1], row, known)
    rows = [side.get("internal_count", side.get("leaf_count")) for side in sides]
    return sum(n * expectation(side, row, known) for n, side in zip(rows, sides, strict=True)) / sum(rows)


def by_definition(booster: lgb.Booster, row: Floats) -> list[float]:
    """The mean, over all orders in which columns may become known, of what each column then adds."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]

    def value(known: frozenset[int]) -> float:
        return sum(expectation(tree, row, known) for tree in trees)

    orders, added = list(permutations(range(len(row)))), np.zeros(len(row) + 1)
    for order in orders:
        for place, column in enumerate(order):
            added[column] += value(frozenset(order[: place + 1])) - value(frozenset(order[:place]))
    return [*(added[:-1] / len(orders)), value(frozenset())]


def test_they_are_shapley_values_by_their_definition() -> None:
    booster, X = trained(columns=3, leaves=6, rounds=2)
    found = _trees.contributions(booster, X[:40])
    for row, contributions in zip(X[:40], found, strict=True):
        assert contributions.tolist() == pytest.approx(by_definition(booster, row), abs=1e-12)


@pytest.mark.parametrize(("columns", "leaves"), [(3, 2), (4, 12), (12, 8), (12, 15), (3, 9)])
def test_they_are_those_of_lightgbm(columns: int, leaves: int) -> None:
    booster, X = trained(columns, leaves, rounds=20, seed=leaves)
    tables = tables_of(booster)
    assert tables is not None
    expected = booster.predict(X, pred_contrib=True, num_threads=1)
    assert np.abs(tables.contributions(X) - expected).max() < 1e-12
    # Rows are looked at in parts.
    assert len(X) > 2 * _shapley.AT_ONCE


def test_a_booster_without_a_test_is_a_constant() -> None:
    booster = lgb.train({**SETTINGS, "min_data_in_leaf": 10_000}, lgb.Dataset(np.ones((50, 2)), np.arange(50) % 2), 3)
    found = _trees.contributions(lgb.Booster(model_str=booster.model_to_string()), np.ones((4, 2)))
    assert (found[:, :-1] == 0.0).all()
    assert found.sum(axis=1) == pytest.approx(booster.predict(np.ones((4, 2)), raw_score=True))


def test_trees_too_deep_for_tables_are_left_to_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shapley, "MOST_CELLS", 100)
    booster, X = trained(columns=12, leaves=15, rounds=5)
    assert tables_of(booster) is None
    assert (_trees.contributions(booster, X) == booster.predict(X, pred_contrib=True, num_threads=1)).all()
    assert _trees.contributions(booster, X[:0]).shape == (0, 13)


def test_a_column_that_no_tree_tests_adds_exactly_nothing() -> None:
    booster, X = trained(columns=12, leaves=4, rounds=3)
    unused = booster.feature_importance() == 0
    assert unused.any()
    assert (_trees.contributions(booster, X)[:, :-1][:, unused] == 0.0).all()
