"""HDBSCAN (Campello, Moulavi, Sander 2013): dense groups of any shape, and customers who belong to none.

A fitted model is plain data: the points of the fit with their labels and core distances. A customer gets the label of
the point nearest in mutual reachability, unless it is farther than that cluster's loosest member; then it is noise. So
points of the fit get back the labels that HDBSCAN gave them, and new ones only labels that the fit has.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from features.errors import BadArtifact, BadInput
from models.plain import array_bytes, array_from, json_bytes, json_from
from models.segments.clusterers import NOISE, Floats, Labels, Trial

DEFAULTS: dict[str, Any] = {
    "min_cluster_share": 0.03,
    "min_samples": 10,
    "epsilon": 0.0,
    "selection": "eom",
}
BLOCK = 50_000
FIT_ROWS = 20_000  # of more rows a sample is drawn: enough to estimate density, and small enough to serve


@dataclass(frozen=True)
class Model:
    """Points of the fit in standard units (n, features), their labels and core distances (n,). Per cluster (c,): the
    mutual reachability of its loosest member (``reach``) and the 5 % quantile over its members (``dense``)."""

    points: Floats
    label: Labels
    core: Floats
    reach: Floats
    dense: Floats
    min_samples: int
    tree: Any = field(repr=False, compare=False)


def space(trial: Trial) -> dict[str, Any]:
    """``min_samples`` has few values, because only it changes the tree: with ``memory``, trials share their trees."""
    return {
        "min_cluster_share": trial.suggest_float("min_cluster_share", 0.01, 0.12),
        "min_samples": trial.suggest_categorical("min_samples", (5, 10, 20, 40)),
        "epsilon": trial.suggest_float("epsilon", 0.0, 1.0),
        "selection": trial.suggest_categorical("selection", ("eom", "leaf")),
    }


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """Cluster at most ``FIT_ROWS`` customers; the folder ``memory`` caches their tree for later fits.

    Finding no cluster is not an error: then everyone is noise.
    """
    import hdbscan as library  # only for fitting: the import takes seconds, and serving does not need it

    points = _sample(Z, seed)
    min_samples, min_size = int(params["min_samples"]), max(5, round(params["min_cluster_share"] * len(points)))
    if len(points) < max(min_size, min_samples + 1):
        raise BadInput(
            f"{len(points)} customers are too few for groups of {min_size} with min_samples = {min_samples}: "
            "lower them or bring more customers"
        )
    found = library.HDBSCAN(
        min_cluster_size=min_size,
        min_samples=min_samples,
        cluster_selection_epsilon=float(params["epsilon"]),
        cluster_selection_method=str(params["selection"]),
        core_dist_n_jobs=1,
        **({} if memory is None else {"memory": str(memory)}),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a slow cache, or of no cluster, which is a valid result
        found.fit(points)
    return _model(points, found.labels_.astype(np.int64), _leaving_distance(found, len(points)), min_samples)


def _sample(Z: Floats, seed: int) -> Floats:
    """All rows, or ``FIT_ROWS`` random ones in their order."""
    if len(Z) <= FIT_ROWS:
        return np.ascontiguousarray(Z)
    chosen = np.random.default_rng(seed).choice(len(Z), FIT_ROWS, replace=False)
    return np.ascontiguousarray(Z[np.sort(chosen)])


def _leaving_distance(found: Any, rows: int) -> Floats:
    """Mutual reachability (rows,) at which each point leaves the condensed tree."""
    tree = found.condensed_tree_.to_numpy()
    single = tree[tree["child"] < rows]
    leaving = np.zeros(rows)
    leaving[single["child"]] = 1.0 / single["lambda_val"]
    return leaving


def _model(points: Floats, label: Labels, leaving: Floats, min_samples: int) -> Model:
    """The model with the reach of each cluster."""
    clusters = range(int(label.max()) + 1)
    # The tree stores 1 / distance: rounding it back must not exclude the loosest member.
    reach = np.array([leaving[label == c].max() * (1 + 1e-9) for c in clusters], dtype=np.float64)
    dense = np.array([np.quantile(leaving[label == c], 0.05) for c in clusters], dtype=np.float64)
    tree = cKDTree(points)
    core = np.asarray(tree.query(points, k=min_samples + 1)[0])[:, min_samples]
    return Model(points, label, np.ascontiguousarray(core), reach, dense, min_samples, tree)


def labels(model: Model) -> tuple[int, ...]:
    """0 to the number of clusters - 1, and noise."""
    return (*range(len(model.reach)), NOISE)


def assign(model: Model, X: pd.DataFrame, Z: Floats) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The nearest point's label, and how dense the cluster is there: 1 in its densest twentieth, 0 for noise."""
    if not len(model.reach) or not len(Z):
        return np.full(len(Z), NOISE, dtype=np.int64), np.zeros(len(Z))
    blocks = [_assign_block(model, Z[start : start + BLOCK]) for start in range(0, len(Z), BLOCK)]
    label, strength = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
    return label, strength


def _assign_block(model: Model, Z: Floats) -> tuple[Labels, Floats]:
    """:func:`assign` for few enough rows that their neighbours fit into memory."""
    # Twice min_samples neighbours, like the library's own approximate_predict.
    count = min(len(model.points), 2 * model.min_samples + 1)
    distance, index = model.tree.query(Z, k=count)
    reachable = np.maximum(np.maximum(distance, model.core[index]), distance[:, [model.min_samples]])
    reachable[model.label[index] == NOISE] = np.inf
    nearest = reachable.argmin(axis=1)
    rows = np.arange(len(Z))
    label, found = model.label[index[rows, nearest]], reachable[rows, nearest]
    inside = (label != NOISE) & (found <= model.reach[label])
    dense = np.minimum(model.dense[label], found)
    strength = np.where(found > 0, dense / np.where(found > 0, found, 1.0), 1.0)
    return np.where(inside, label, NOISE), np.where(inside, strength, 0.0)


def dump(model: Model) -> dict[str, bytes]:
    """Settings as JSON, points, labels, core distances and reaches as arrays."""
    return {
        "hdbscan.json": json_bytes({"min_samples": model.min_samples}),
        "hdbscan_points.npy": array_bytes(model.points),
        "hdbscan_labels.npy": array_bytes(model.label),
        "hdbscan_core.npy": array_bytes(model.core),
        "hdbscan_reach.npy": array_bytes(np.stack([model.reach, model.dense])),
    }


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote; BadArtifact if the files do not match each other."""
    min_samples = json_from(files, "hdbscan.json").get("min_samples")
    points = array_from(files, "hdbscan_points.npy", np.float64, (None, None))
    label = array_from(files, "hdbscan_labels.npy", np.int64, (len(points),))
    core = array_from(files, "hdbscan_core.npy", np.float64, (len(points),))
    reach, dense = array_from(files, "hdbscan_reach.npy", np.float64, (2, None))
    if not isinstance(min_samples, int) or not 0 < min_samples < len(points):
        raise BadArtifact(f"min_samples is {min_samples!r} for {len(points)} points: train the model again")
    if not np.isfinite(points).all() or label.min() < NOISE or label.max() >= len(reach):
        raise BadArtifact("the hdbscan files do not match each other: train the model again")
    return Model(points, label, core, reach, dense, min_samples, cKDTree(points))
