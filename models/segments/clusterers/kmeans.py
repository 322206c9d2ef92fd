"""k-means (Lloyd): round groups around k centres."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.plain import array_bytes, array_from
from models.segments.clusterers import Floats, Labels, Trial

DEFAULTS: dict[str, Any] = {"k": 6}
KEEPS_POINTS = False


@dataclass(frozen=True)
class Model:
    """Centres in standard units (k, features), sorted by their coordinates."""

    centres: Floats


def space(trial: Trial) -> dict[str, Any]:
    """Three to ten groups: as many as a marketing team can treat differently."""
    return {"k": trial.suggest_int("k", 3, 10)}


def numbers(params: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Three to ten groups, and as many as asked for."""
    return tuple({**params, "k": k} for k in sorted({*range(3, 11), int(params["k"])}))


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """The best of ten k-means++ starts, on one thread, because sums over threads differ in their last bits."""
    # Only for fitting: the import takes seconds, and serving does not need it.
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    k = int(params["k"])
    distinct = len(np.unique(Z, axis=0))
    if distinct < k or k < 1:
        raise BadInput(f"{distinct} different customers cannot make k = {k} groups: lower k or bring more customers")
    with threadpool_limits(limits=1):
        centres = KMeans(k, n_init=10, random_state=seed).fit(Z).cluster_centers_
    return Model(np.ascontiguousarray(centres[np.lexsort(centres.T[::-1])]))


def labels(model: Model) -> tuple[int, ...]:
    """0 to k - 1."""
    return tuple(range(len(model.centres)))


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The label of the nearest centre; strength is 1 at the centre and 0 half-way to the second nearest."""
    distance = np.sqrt(_squared_distances(Z, model.centres))
    label = distance.argmin(axis=1).astype(np.int64)
    if len(model.centres) == 1:
        return label, np.ones(len(Z))
    nearest, second = np.sort(distance, axis=1)[:, :2].T
    return label, 1.0 - np.divide(nearest, second, out=np.ones(len(Z)), where=second > 0)


def _squared_distances(Z: Floats, centres: Floats) -> Floats:
    """(rows, k), summed one feature at a time: the order of a sum must not depend on the number of rows."""
    total = np.zeros((len(Z), len(centres)))
    for column, centre in zip(Z.T, centres.T, strict=True):
        total += (column[:, None] - centre[None, :]) ** 2
    return total


def dump(model: Model) -> dict[str, bytes]:
    """``kmeans.npy``: the centres."""
    return {"kmeans.npy": array_bytes(model.centres)}


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote."""
    return Model(array_from(files, "kmeans.npy", np.float64, (None, None)))
