"""Effects are counted pair by pair, and rules hold for customers they were not learned from."""

import numpy as np
import pandas as pd
import pytest

from models.segments.effects import effects
from models.segments.rules import Condition, f1, meets, rule_for


def test_superiority_is_the_share_of_pairs_ties_half_and_nulls_left_out() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.integers(0, 6, 90).astype(float), "b": random.normal(size=90)})
    X.loc[::7, "a"] = np.nan
    inside = np.arange(90) < 30
    mine, others = (X["a"][rows].dropna().to_numpy() for rows in (inside, ~inside))
    pairs = np.sign(mine[:, None] - others[None, :])
    by_hand = float((pairs == 1).mean() + (pairs == 0).mean() / 2)
    found = {each.column: each for each in effects(X, ["a", "b"], inside)}["a"]
    assert found.superiority == pytest.approx(by_hand)
    assert found.low < found.superiority < found.high
    assert (found.median, found.median_of_others) == (np.median(mine), np.median(others))


def test_the_largest_effect_comes_first_in_either_direction() -> None:
    inside = np.repeat([True, False], 50)
    X = pd.DataFrame({"up": inside * 1.0, "down": -3.0 * inside, "same": np.tile([0.0, 1.0], 50)})
    X.loc[0, "up"] = 0.0
    found = effects(X, X.columns, inside)
    assert [each.column for each in found] == ["down", "up", "same"]
    assert found[0].superiority == 0.0
    assert found[2].superiority == 0.5


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    truth, held = 0.760, 0  # of two normals a standard deviation apart
    for seed in range(200):
        random = np.random.default_rng(seed)
        inside = np.arange(150) < 50
        (found,) = effects(pd.DataFrame({"x": random.normal(inside * 1.0)}), ["x"], inside)
        held += found.low <= truth <= found.high
    assert 180 <= held <= 200


def test_a_column_that_hardly_anybody_has_says_nothing() -> None:
    X = pd.DataFrame({"rare": [1.0] * 5 + [np.nan] * 95})
    assert effects(X, ["rare"], np.arange(100) < 50) == []


def planted(n: int = 2_000, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """A segment of those who bought in the last 30 days for more than 100."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"recency": random.uniform(0, 200, n), "value": random.uniform(0, 300, n), "noise": random.normal(size=n)}
    )
    return X, ((X["recency"] <= 30) & (X["value"] > 100)).to_numpy()


def test_a_planted_rule_is_found_with_its_edges() -> None:
    X, inside = planted()
    found = rule_for(X, ["recency", "value", "noise"], inside, seed=0)
    assert found is not None
    edges = {each.feature: each for each in found.conditions}
    assert edges["recency"].high == pytest.approx(30, abs=2)
    assert edges["value"].low == pytest.approx(100, abs=3)
    assert "noise" not in edges
    assert min(found.precision, found.recall) > 0.9


def test_precision_and_recall_are_those_of_the_other_half() -> None:
    X, inside = planted()
    noisy = inside ^ (np.random.default_rng(5).random(len(X)) < 0.2)
    found = rule_for(X, list(X.columns), noisy, seed=3)
    assert found is not None
    other = ~(np.random.default_rng(3).permutation(len(X)) < len(X) // 2)
    text = " and ".join(f"{each.feature} > {each.low} and {each.feature} <= {each.high}" for each in found.conditions)
    chosen = X[other].query(text.replace("-inf", "-1e300").replace("inf", "1e300")).index
    hits = int(noisy[chosen].sum())
    assert found.precision == pytest.approx(hits / len(chosen))
    assert found.recall == pytest.approx(hits / noisy[other].sum())
    assert len(found.conditions) <= 4


def test_nobody_and_everybody_have_no_rule() -> None:
    X, _ = planted(200)
    for inside in (np.zeros(200, dtype=bool), np.ones(200, dtype=bool)):
        assert rule_for(X, list(X.columns), inside, seed=0) is None


def test_conditions_are_open_below_and_closed_above() -> None:
    values = np.array([[1.0], [2.0], [3.0]])
    assert meets(values, ["a"], [Condition("a", 1.0, 2.0)]).tolist() == [False, True, False]
    assert f1(np.array([False]), np.array([False])) == 0.0
