"""A rule that a person can remember: at most four conditions on features, with how well they find a segment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.sample import Mask
from models.segments.clusterers import Floats, Labels
from models.segments.preprocessing import raw_matrix

MOST_CONDITIONS = 4
SMALLEST_LEAF = 0.005
"""Share of all customers that a rule must hold for, at least, to be looked at."""


@dataclass(frozen=True)
class Condition:
    """``low`` < feature ≤ ``high``, in the feature's unit; an infinite end is none."""

    feature: str
    low: float
    high: float


@dataclass(frozen=True)
class Rule:
    """``precision``: of the customers that meet all conditions, the share in the segment; ``recall``: of the segment,
    the share that meets them. Both on customers the rule was not learned from."""

    conditions: tuple[Condition, ...]
    precision: float
    recall: float


def rule_for(X: pd.DataFrame, features: Sequence[str], inside: Mask, seed: int) -> Rule | None:
    """The path of a decision tree that describes the customers ``inside`` (n,) best, by F1; None if none does.

    Half of the customers are learned from, the other half give precision and recall. Nulls count as the median.
    """
    from sklearn.tree import DecisionTreeClassifier

    values = raw_matrix(X, features)
    values = np.where(
        np.isnan(values), np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0), values
    )
    learned = np.random.default_rng(seed).permutation(len(X)) < len(X) // 2
    if not 0 < inside[learned].sum() < learned.sum() or not inside[~learned].any():
        return None
    smallest = max(5, int(SMALLEST_LEAF * learned.sum()))
    tree = DecisionTreeClassifier(max_depth=MOST_CONDITIONS, min_samples_leaf=smallest, random_state=seed)
    tree.fit(values[learned], inside[learned])
    paths = _paths(tree.tree_, features)
    best = max(paths, key=lambda path: f1(meets(values[learned], features, path), inside[learned]))
    found = meets(values[~learned], features, best)
    if not best or not found.any():
        return None
    hits = float((found & inside[~learned]).sum())
    return Rule(best, hits / float(found.sum()), hits / float(inside[~learned].sum()))


def told(Z: Floats, label: Labels, seed: int) -> float:
    """Share of customers whose segment at most four conditions tell, in [0, 1]: how simply segments can be described.

    One decision tree learns the labels (n,) of half of the customers ``Z`` (n, features); the other half is told.
    """
    from sklearn.tree import DecisionTreeClassifier

    learned = np.random.default_rng(seed).permutation(len(Z)) < len(Z) // 2
    tree = DecisionTreeClassifier(max_depth=MOST_CONDITIONS, random_state=seed).fit(Z[learned], label[learned])
    return float((tree.predict(Z[~learned]) == label[~learned]).mean())


def meets(values: Floats, features: Sequence[str], conditions: Sequence[Condition]) -> Mask:
    """Which rows of ``values`` (n, features) meet all conditions."""
    kept = np.ones(len(values), dtype=np.bool_)
    for each in conditions:
        column = values[:, features.index(each.feature)]
        kept &= (column > each.low) & (column <= each.high)
    return kept


def f1(found: Mask, inside: Mask) -> float:
    """Harmonic mean of precision and recall; 0 if nothing is found.

    >>> f1(np.array([True, True, False]), np.array([True, False, True]))
    0.5
    """
    return 2.0 * float((found & inside).sum()) / max(1.0, float(found.sum() + inside.sum()))


def _paths(tree: object, features: Sequence[str]) -> list[tuple[Condition, ...]]:
    """The conditions on the way to every node of scikit-learn's tree, one a feature; the root has none."""
    found: list[tuple[Condition, ...]] = []
    open_: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while open_:
        node, bounds = open_.pop()
        found.append(tuple(Condition(name, low, high) for name, (low, high) in bounds.items()))
        left, right = int(tree.children_left[node]), int(tree.children_right[node])  # type: ignore[attr-defined]
        if left < 0:
            continue
        name, edge = features[int(tree.feature[node])], float(tree.threshold[node])  # type: ignore[attr-defined]
        low, high = bounds.get(name, (-np.inf, np.inf))
        open_ += [(right, {**bounds, name: (edge, high)}), (left, {**bounds, name: (low, edge)})]
    return found
