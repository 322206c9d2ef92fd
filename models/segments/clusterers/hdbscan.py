"""HDBSCAN (Campello, Moulavi, Sander 2013): dense groups of any shape, and customers who belong to none.

A fitted model is plain data: the points of the fit with their labels and core distances. A customer gets the label of
the point nearest in mutual reachability, unless it is farther than that cluster's loosest member; then it is noise. So
points of the fit get back the labels that HDBSCAN gave them, and new ones only labels that the fit has.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadArtifact, BadInput
from models.plain import array_bytes, array_from, json_bytes, json_from
from models.segments.clusterers import NOISE, Floats, Labels, Trial
from models.segments.neighbours import Neighbours
from models.segments.shared import once

DEFAULTS: dict[str, Any] = {
    "min_cluster_share": 0.03,
    "min_samples": 10,
    "epsilon": 0.0,
    "selection": "eom",
}


SHARES = (0.01, 0.02, 0.04, 0.08, 0.12)


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
    neighbours: Neighbours = field(repr=False, compare=False)


def space(trial: Trial) -> dict[str, Any]:
    """``min_samples`` has few values, because only it changes the tree: with ``memory``, trials share their trees."""
    return {
        "min_cluster_share": trial.suggest_float("min_cluster_share", 0.01, 0.12),
        "min_samples": trial.suggest_categorical("min_samples", (5, 10, 20, 40)),
        "epsilon": trial.suggest_float("epsilon", 0.0, 1.0),
        "selection": trial.suggest_categorical("selection", ("eom", "leaf")),
    }


def numbers(params: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """More and fewer groups, by the size of the smallest."""
    return tuple({**params, "min_cluster_share": share} for share in sorted({*SHARES, params["min_cluster_share"]}))


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """Cluster the customers; with the folder ``memory``, fits that differ only in other parameters share one tree.

    Finding no cluster is not an error: then everyone is noise. Time grows faster than the customers (10,000 customers
    with 7 features take a second, 20,000 three): draw a sample first.
    """
    import hdbscan as library  # only for fitting: the import takes seconds, and serving does not need it

    points = np.ascontiguousarray(Z)
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
        **({} if memory is None else {"memory": _Trees(memory)}),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of no cluster, which is a valid result
        found.fit(points)
    label, neighbours = found.labels_.astype(np.int64), Neighbours.of(points)
    core = _nearest(neighbours, points, min_samples, memory)[0][:, min_samples]
    return _model(neighbours, label, core, _leaving_distance(found, len(points)), min_samples)


@dataclass(frozen=True)
class _Trees:
    """A joblib memory for the library, as far as it uses one: it stores the single-linkage trees in ``folder``."""

    folder: Path

    def cache(self, build: Callable[..., tuple[Any, None]]) -> Callable[..., tuple[Any, None]]:
        """``build`` with its tree stored; the spanning tree that it may also return is never asked for."""

        def tree(*settings: Any, **more: Any) -> tuple[Any, None]:
            inputs = (build.__name__, *settings, sorted(more.items()))
            (found,) = once(self.folder, "tree", inputs, lambda: (build(*settings, **more)[0],))
            return found, None

        return tree


def _nearest(neighbours: Neighbours, Z: Floats, min_samples: int, memory: Path | None) -> tuple[Floats, Labels]:
    """Twice ``min_samples`` neighbours of each row, as many as the library's own approximate_predict asks for."""
    count = min(len(neighbours.points), 2 * min_samples + 1)
    if memory is None:
        return neighbours.nearest(Z, count)
    inputs = (neighbours.points, Z, count)
    distance, number = once(memory, "neighbours", inputs, lambda: neighbours.nearest(Z, count))
    return distance, number


def _leaving_distance(found: Any, rows: int) -> Floats:
    """Mutual reachability (rows,) at which each point leaves the condensed tree."""
    tree = found.condensed_tree_.to_numpy()
    single = tree[tree["child"] < rows]
    leaving = np.zeros(rows)
    leaving[single["child"]] = 1.0 / single["lambda_val"]
    return leaving


def _model(neighbours: Neighbours, label: Labels, core: Floats, leaving: Floats, min_samples: int) -> Model:
    """The model with the reach of each cluster."""
    clusters = range(int(label.max()) + 1)
    # The tree stores 1 / distance: rounding it back must not exclude the loosest member.
    reach = np.array([leaving[label == c].max() * (1 + 1e-9) for c in clusters], dtype=np.float64)
    dense = np.array([np.quantile(leaving[label == c], 0.05) for c in clusters], dtype=np.float64)
    return Model(neighbours.points, label, np.ascontiguousarray(core), reach, dense, min_samples, neighbours)


def labels(model: Model) -> tuple[int, ...]:
    """0 to the number of clusters - 1, and noise."""
    return (*range(len(model.reach)), NOISE)


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The nearest point's label, and how dense the cluster is there: 1 in its densest twentieth, 0 for noise."""
    if not len(model.reach) or not len(Z):
        return np.full(len(Z), NOISE, dtype=np.int64), np.zeros(len(Z))
    if memory is not None:
        return _label(model, *_nearest(model.neighbours, Z, model.min_samples, memory))
    # Nobody is in a cluster from beyond its reach, and most rows are settled by their own core distance.
    farthest = float(model.reach.max())
    distance, number = model.neighbours.nearest(Z, model.min_samples + 1, farthest)
    label, strength = _label(model, distance, number)
    open_ = _unsettled(model, distance, number)
    count = min(len(model.points), 2 * model.min_samples + 1)
    label[open_], strength[open_] = _label(model, *model.neighbours.nearest(Z[open_], count, farthest))
    return label, strength


def _label(model: Model, distance: Floats, number: Labels) -> tuple[Labels, Floats]:
    """Labels and strengths (rows,) by the distances and numbers (rows, count) of the nearest points."""
    reachable = _reachable(model, distance, number)
    nearest = reachable.argmin(axis=1)
    rows = np.arange(len(reachable))
    found, point = reachable[rows, nearest], number[rows, nearest]
    label = np.append(model.label, NOISE)[point]
    inside = (label != NOISE) & (found <= model.reach[label])
    dense = np.minimum(model.dense[label], found)
    strength = np.where(found > 0, dense / np.where(found > 0, found, 1.0), 1.0)
    return np.where(inside, label, NOISE), np.where(inside, strength, 0.0)


def _reachable(model: Model, distance: Floats, number: Labels) -> Floats:
    """Mutual reachability (rows, count) of the nearest points; infinite for noise and for points that are not there."""
    core, label = np.append(model.core, np.inf)[number], np.append(model.label, NOISE)[number]
    reachable = np.maximum(np.maximum(distance, core), distance[:, [model.min_samples]])
    return np.where(label == NOISE, np.inf, reachable)


def _unsettled(model: Model, distance: Floats, number: Labels) -> Labels:
    """Rows whose label may change when farther points are compared.

    No point is nearer in mutual reachability than the row's core distance. So a row is settled by the first point that
    is as near as that, and where the core distance is beyond every cluster's reach.
    """
    core = distance[:, model.min_samples]
    return np.flatnonzero((_reachable(model, distance, number).min(axis=1) > core) & np.isfinite(core))


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
    return Model(points, label, core, reach, dense, min_samples, Neighbours.of(points))
