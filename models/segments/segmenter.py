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
from models.segments import identity
from models.segments import preprocessing as preprocessings
from models.segments.catalogue import Catalogue
from models.segments.clusterers import Floats, Labels
from models.segments.clusterers import clusterer as find_clusterer
from models.segments.identity import Before, Ledger
from models.segments.preprocessing import Preprocessing
from models.segments.soundness import Soundness

PART_ROWS = 50_000  # customers assigned at once: it bounds the memory and does not change the result


@dataclass(frozen=True)
class Prepared:
    """Customers to cluster: ``X`` in their units, and their preprocessed features ``Z`` (n, features)."""

    X: pd.DataFrame
    preprocessing: Preprocessing
    Z: Floats


@dataclass(frozen=True)
class Segmenter:
    """``features`` are all columns that :func:`assign` needs; clusters are found in those of ``preprocessing``.

    ``ledger`` says what became of each segment in this fit and in those it descends from, ``soundness`` whether an
    expert would sign them (None if that was never judged), ``cards`` more about each for people, as plain data.
    """

    features: tuple[str, ...]
    preprocessing: Preprocessing
    clusterer: str
    params: dict[str, Any]
    seed: int
    model: Any
    catalogue: Catalogue
    ledger: Ledger = ()
    soundness: Soundness | None = None
    cards: tuple[dict[str, Any], ...] = ()


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


def described(
    segmenter: Segmenter, X: pd.DataFrame, currency: str = "", before: Before | None = None, day: str = ""
) -> Segmenter:
    """The segmenter with the catalogue of the customers ``X``, who need not be those of the fit.

    X is read in parts and by column, so it may be a memory map of any size. Segments that are the same as ``before``
    keep their ids; the ledger notes the others under ``day``. BadInput as in :func:`fit_segmenter`.
    """
    kind = find_clusterer(segmenter.clusterer)
    label, _ = assign_labels(segmenter, X)
    possible = kind.labels(segmenter.model)
    found = catalogues.build(X, label, possible, kind.NAMES, segmenter.features, currency, before)
    return replace(segmenter, catalogue=found, ledger=identity.entered(before, found, label, day))


def before_refit(segmenter: Segmenter, X: pd.DataFrame | None, clusterer: str) -> Before:
    """The segments of ``segmenter``, and which of them customers ``X`` are in, for a refit with ``clusterer`` on them.

    None for X: it cannot read the customers.
    """
    fixed = segmenter.clusterer == clusterer and bool(find_clusterer(clusterer).NAMES)
    label = None if X is None else assign_labels(segmenter, X)[0]
    return Before(segmenter.catalogue, segmenter.ledger, label, fixed)


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
    return {
        "task": "segments",
        "clusterer": segmenter.clusterer,
        "features": list(segmenter.features),
        "ledger": identity.to_json(segmenter.ledger),
        "soundness": vars(segmenter.soundness) if segmenter.soundness else None,
    }


def headline(segmenter: Segmenter) -> tuple[str, ...]:  # noqa: ARG001 - the same for all
    """Names of the scores that tables show: size, separation, stability, use."""
    return (
        "segments_n",
        "copula_gap",
        "copula_gap_low",
        "jaccard_min",
        "use_log_spend_r2",
        "idle_movers",
        "silhouette",
    )


def dump(segmenter: Segmenter) -> dict[str, bytes]:
    """``segmenter.json`` (features, clusterer, parameters, catalogue), and the files of preprocessing and clusterer."""
    state = {
        "features": list(segmenter.features),
        "clusterer": segmenter.clusterer,
        "params": segmenter.params,
        "seed": segmenter.seed,
        "catalogue": catalogues.to_json(segmenter.catalogue),
        "ledger": identity.to_json(segmenter.ledger),
        "soundness": vars(segmenter.soundness) if segmenter.soundness else None,
        "cards": list(segmenter.cards),
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
    # Artifacts of before 0.7 have neither ledger nor verdict nor cards.
    ledger, judged = identity.from_json(state.get("ledger", [])), state.get("soundness")
    sound = None if judged is None else Soundness(str(judged["verdict"]), str(judged["reason"]))
    cards = tuple(state.get("cards", []))
    return Segmenter(features, prepared, state["clusterer"], params, seed, model, found, ledger, sound, cards)
