"""RFM rules, the baseline: quintiles of recency, frequency and spend, and the customary names of their groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.plain import array_bytes, array_from
from models.segments.clusterers import Floats, Labels, Trial
from models.segments.preprocessing import raw_matrix

BASELINE = True
NEEDS: tuple[str, ...] = ("purchase_recency_days", "purchase_days_n", "purchase_spend")
KEEPS_POINTS = False
NAMES: Mapping[int, str] = {
    0: "Champions",
    1: "Loyal customers",
    2: "Can't lose them",
    3: "Potential loyalists",
    4: "Need attention",
    5: "Hibernating",
    6: "New customers",
    7: "About to sleep",
    8: "Lost",
}
# Rows: value (high, middle, low); columns: recency score (4-5, 3, 1-2).
GRID = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]], dtype=np.int64)
QUINTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Model:
    """The inner quantiles of each of ``NEEDS`` (3, classes - 1), in the feature's unit; ``rfm`` has quintiles."""

    edges: Floats


def space(trial: Trial) -> dict[str, Any]:  # noqa: ARG001
    """Nothing to tune: the rules are the convention."""
    return {}


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """Quintiles of these customers; nulls are ignored. BadInput if a column is null for all of them."""
    return Model(quantiles(X, QUINTILES))


def quantiles(X: pd.DataFrame, shares: Sequence[float] | Floats) -> Floats:
    """Quantiles (3, shares) of each of ``NEEDS``, ascending; BadInput if a column is null for all customers."""
    known = raw_matrix(X, NEEDS)
    empty = [name for name, column in zip(NEEDS, known.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise BadInput(f"{', '.join(empty)} is null for all {len(X)} customers: rfm needs orders with prices")
    return np.ascontiguousarray(np.nanquantile(known, shares, axis=0).T)


def labels(model: Model) -> tuple[int, ...]:  # noqa: ARG001
    """All nine groups, whether or not a customer fell into each."""
    return tuple(NAMES)


def scores(model: Model, X: pd.DataFrame) -> Labels:
    """Recency, frequency and monetary scores (rows, 3), 1 to the number of classes, the best; a null scores 1.

    Equal values get equal scores; a value on an edge belongs to the smaller ones. So all one-time buyers have frequency
    1, however many they are, and everyone who bought on the last day has recency 5.
    """
    recency, days, spend = raw_matrix(X, NEEDS).T
    r = model.edges.shape[1] + 1 - np.searchsorted(model.edges[0], np.nan_to_num(recency, nan=np.inf), side="left")
    f = 1 + np.searchsorted(model.edges[1], np.nan_to_num(days, nan=-np.inf), side="left")
    m = 1 + np.searchsorted(model.edges[2], np.nan_to_num(spend, nan=-np.inf), side="left")
    return np.stack([r, f, m], axis=1).astype(np.int64)


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The group of the scores, where value is the mean of F and M. Strength is always 1."""
    r, f, m = scores(model, X).T
    value = np.where(f + m >= 7, 0, np.where(f + m >= 4, 1, 2))
    lately = np.where(r >= 4, 0, np.where(r == 3, 1, 2))
    return GRID[value, lately], np.ones(len(X))


def dump(model: Model) -> dict[str, bytes]:
    """``rfm.npy``: the edges."""
    return {"rfm.npy": array_bytes(model.edges)}


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote."""
    return Model(array_from(files, "rfm.npy", np.float64, (len(NEEDS), len(QUINTILES))))
