"""A segmenter: preprocessing, a fitted clusterer and the segment catalogue; it assigns customers to segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadArtifact
from models.params import complete_params
from models.plain import json_bytes, json_from
from models.segments import catalogue as catalogues
from models.segments import preprocessing as preprocessings
from models.segments.catalogue import Catalogue
from models.segments.clusterers import Floats, Labels
from models.segments.clusterers import clusterer as find_clusterer
from models.segments.preprocessing import Preprocessing

PART_ROWS = 50_000  # customers assigned at once: it bounds the memory and does not change the result


@dataclass(frozen=True)
class Prepared:
    """Customers to cluster: ``X`` in their units, and their preprocessed features ``Z`` (n, features)."""

    X: pd.DataFrame
    preprocessing: Preprocessing
    Z: Floats


@dataclass(frozen=True)
class Segmenter:
    """``features`` are all columns that :func:`assign` needs; clusters are found in those of ``preprocessing``."""

    features: tuple[str, ...]
    preprocessing: Preprocessing
    clusterer: str
    params: dict[str, Any]
    seed: int
    model: Any
    catalogue: Catalogue


def fit_segmenter(
    X: pd.DataFrame,
    features: Sequence[str],
    clusterer: str,
    params: Mapping[str, Any],
    seed: int,
    memory: Path | None = None,
) -> Segmenter:
    """Cluster the customers ``X`` (one row per customer) by ``features``; all columns of X describe the segments.

    ``memory`` is a folder in which a clusterer may store work that fits with other parameters can reuse. BadInput if a
    column is missing or infinite, or there are too few different customers.
    """
    preprocessings.raw_matrix(X.iloc[:0], (*features, *find_clusterer(clusterer).NEEDS))
    for name in X.columns:
        preprocessings.raw_column(X, name)  # fails before the long work
    return described(fit_clusters(prepare(X, features), clusterer, params, seed, memory), X)


def prepare(X: pd.DataFrame, features: Sequence[str]) -> Prepared:
    """The customers, and the preprocessing fitted on them, which fits with different parameters share."""
    fitted = preprocessings.fit(X, features)
    return Prepared(X, fitted, preprocessings.transform(fitted, X))


def fit_clusters(
    customers: Prepared, clusterer: str, params: Mapping[str, Any], seed: int, memory: Path | None = None
) -> Segmenter:
    """A segmenter with an empty catalogue: scores need labels, but no names."""
    kind = find_clusterer(clusterer)
    complete = complete_params(clusterer, kind.DEFAULTS, params)
    model = kind.fit(customers.X, customers.Z, complete, seed, memory)
    needed = tuple(dict.fromkeys([*customers.preprocessing.features, *kind.NEEDS]))
    return Segmenter(needed, customers.preprocessing, clusterer, complete, seed, model, ())


def described(segmenter: Segmenter, X: pd.DataFrame, currency: str = "") -> Segmenter:
    """The segmenter with the catalogue of the customers ``X``, who need not be those of the fit.

    X is read in parts and by column, so it may be a memory map of any size. BadInput as in :func:`fit_segmenter`.
    """
    kind = find_clusterer(segmenter.clusterer)
    label, _ = assign_labels(segmenter, X)
    found = catalogues.build(X, label, kind.labels(segmenter.model), kind.NAMES, segmenter.features, currency)
    return replace(segmenter, catalogue=found)


def assign(segmenter: Segmenter, X: pd.DataFrame) -> pd.DataFrame:
    """segment_id, segment_name and segment_strength in [0, 1] for each row of X, in its order and with its index.

    Null is replaced by the median of the fit; BadInput if a column is missing or infinite.
    """
    label, strength = assign_labels(segmenter, X)
    by_label = {segment.label: segment for segment in segmenter.catalogue}
    segments = [by_label[value] for value in label.tolist()]
    columns = {
        "segment_id": pd.array([segment.id for segment in segments], dtype="str"),
        "segment_name": pd.array([segment.name for segment in segments], dtype="str"),
        "segment_strength": strength,
    }
    return pd.DataFrame(columns, index=X.index)


def assign_labels(segmenter: Segmenter, X: pd.DataFrame) -> tuple[Labels, Floats]:
    """The clusterer's own labels (rows,), -1 for noise, and their strength (rows,)."""
    assign_part = find_clusterer(segmenter.clusterer).assign
    found = []
    for start in range(0, max(len(X), 1), PART_ROWS):
        part = X.iloc[start : start + PART_ROWS]
        found.append(assign_part(segmenter.model, part, preprocessings.transform(segmenter.preprocessing, part)))
    label, strength = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return label, strength


def labels_of(segmenter: Segmenter, customers: Prepared, memory: Path | None = None) -> Labels:
    """The labels of customers in the segmenter's own preprocessing; ``memory`` as in :func:`fit_segmenter`."""
    kind = find_clusterer(segmenter.clusterer)
    return kind.assign(segmenter.model, customers.X, customers.Z, memory)[0]


table = assign


def about(segmenter: Segmenter) -> dict[str, Any]:
    """The model's entries in the manifest of its artifact."""
    return {"task": "segments", "clusterer": segmenter.clusterer, "features": list(segmenter.features)}


def headline(segmenter: Segmenter) -> tuple[str, ...]:  # noqa: ARG001 - the same for all
    """Names of the scores that tables show: size, separation, stability."""
    return ("segments_n", "silhouette", "silhouette_null", "copula_gap", "jaccard_min", "smallest_share")


def dump(segmenter: Segmenter) -> dict[str, bytes]:
    """``segmenter.json`` (features, clusterer, parameters, catalogue), and the files of preprocessing and clusterer."""
    state = {
        "features": list(segmenter.features),
        "clusterer": segmenter.clusterer,
        "params": segmenter.params,
        "seed": segmenter.seed,
        "catalogue": catalogues.to_json(segmenter.catalogue),
    }
    inner = find_clusterer(segmenter.clusterer).dump(segmenter.model)
    return {"segmenter.json": json_bytes(state), **preprocessings.dump(segmenter.preprocessing), **inner}


def load(files: Mapping[str, bytes]) -> Segmenter:
    """What :func:`dump` wrote; BadArtifact if files are missing or do not match each other."""
    state = json_from(files, "segmenter.json")
    lacking = sorted({"features", "clusterer", "params", "seed", "catalogue"} - set(state))
    if lacking:
        raise BadArtifact(f"segmenter.json lacks {', '.join(lacking)}: train the model again")
    prepared = preprocessings.load(files)
    kind = find_clusterer(state["clusterer"])
    model, found = kind.load(files), catalogues.from_json(state["catalogue"])
    if set(kind.labels(model)) != {segment.label for segment in found}:
        raise BadArtifact("the segment catalogue does not list the clusterer's labels: train the model again")
    features, params, seed = tuple(state["features"]), state["params"], int(state["seed"])
    return Segmenter(features, prepared, state["clusterer"], params, seed, model, found)
