"""A segmenter: preprocessing, a fitted clusterer and the segment catalogue; it assigns customers to segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadArtifact
from models.params import complete_params
from models.plain import json_bytes, json_from
from models.segments import catalogue as catalogues
from models.segments import hierarchy as hierarchies
from models.segments import identity
from models.segments import preprocessing as preprocessings
from models.segments.catalogue import Catalogue
from models.segments.clusterers import Floats, Labels
from models.segments.clusterers import clusterer as find_clusterer
from models.segments.hierarchy import Groups
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
    ``groups`` are the coarse ones above the segments, ``reference`` the figures of the customers that described them,
    with which later ones are compared.
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
    groups: Groups = ()
    reference: dict[str, Any] = field(default_factory=dict)


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


def prepare(X: pd.DataFrame, features: Sequence[str], weight: Floats | None = None) -> Prepared:
    """The customers, and the preprocessing fitted on them, which fits with different parameters share."""
    fitted = preprocessings.fit(X, features, weight)
    return Prepared(X, fitted, preprocessings.transform(fitted, X))


def prepare_like(X: pd.DataFrame, other: Preprocessing) -> Prepared:
    """Customers prepared by the same features and weights as others were, fitted on them."""
    return prepare(X, other.features, other.weight)


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
    above = hierarchies.groups(
        X, means_of(segmenter, X, label), label, found, currency, before.groups if before else None
    )
    return replace(segmenter, catalogue=found, groups=above, ledger=identity.entered(before, found, label, day))


def means_of(segmenter: Segmenter, X: pd.DataFrame, label: Labels) -> dict[int, Floats]:
    """The mean of the preprocessed features of each label's customers, read in parts."""
    sums: dict[int, Floats] = {}
    for start in range(0, len(X), PART_ROWS):
        Z = preprocessings.transform(segmenter.preprocessing, X.iloc[start : start + PART_ROWS])
        part = label[start : start + PART_ROWS]
        for value in np.unique(part).tolist():
            sums[value] = sums.get(value, np.zeros(Z.shape[1])) + Z[part == value].sum(axis=0)
    return {value: total / float((label == value).sum()) for value, total in sums.items()}


def before_refit(segmenter: Segmenter, X: pd.DataFrame | None, clusterer: str) -> Before:
    """The segments of ``segmenter``, and which of them customers ``X`` are in, for a refit with ``clusterer`` on them.

    None for X: it cannot read the customers.
    """
    fixed = segmenter.clusterer == clusterer and bool(find_clusterer(clusterer).NAMES)
    label = None if X is None else assign_labels(segmenter, X)[0]
    parents = hierarchies.parents(segmenter.groups)
    above = {each.label: parents[each.id].label for each in segmenter.catalogue if each.id in parents}
    coarse = None if label is None else hierarchies.coarse_labels(label, above)
    return Before(segmenter.catalogue, segmenter.ledger, label, fixed, Before(segmenter.groups, (), coarse))


def assign(segmenter: Segmenter, X: pd.DataFrame) -> pd.DataFrame:
    """segment_id, segment_name and segment_strength in [0, 1] for each row of X, in its order and with its index.

    If segments have groups above them, also segment_group_id and segment_group_name, null for who is in no segment.

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
    if segmenter.groups:
        above = hierarchies.parents(segmenter.groups)
        groups = [above.get(segment.id) for segment in segments]
        columns["segment_group_id"] = pd.array([group.id if group else None for group in groups], dtype="str")
        columns["segment_group_name"] = pd.array([group.name if group else None for group in groups], dtype="str")
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
        "groups": [[group.id, list(group.segments)] for group in segmenter.groups],
    }


def headline(segmenter: Segmenter) -> tuple[str, ...]:  # noqa: ARG001 - the same for all
    """Names of the scores that tables show: size, separation, stability, use."""
    return (
        "segments_n",
        "copula_gap",
        "copula_gap_low",
        "jaccard_min",
        "use_log_spend_r2",
        "use_order_r2",
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
        "groups": hierarchies.to_json(segmenter.groups),
        "reference": dict(segmenter.reference),
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
    # Artifacts of before 0.7 have neither ledger nor verdict nor cards, those of before 0.8 no groups.
    ledger, judged = identity.from_json(state.get("ledger", [])), state.get("soundness")
    sound = None if judged is None else Soundness(str(judged["verdict"]), str(judged["reason"]))
    further = (
        tuple(state.get("cards", [])),
        hierarchies.from_json(state.get("groups", [])),
        state.get("reference", {}),
    )
    return Segmenter(features, prepared, state["clusterer"], params, seed, model, found, ledger, sound, *further)
