"""How good is a clustering? Separation compared with that of customers without groups, and stability of segments."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from hdbscan.validity import validity_index

from features.errors import BadInput
from models.segments import nulls, preprocessing
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.distances import SAMPLE, Distances, drawn
from models.segments.segmenter import Prepared, Segmenter, assign_labels, fit_clusters, labels_of, prepare_like
from models.segments.structure import Better, better_number, structure

NAN = float("nan")


def clustering_scores(
    X: pd.DataFrame,
    segmenter: Segmenter,
    seed: int,
    nulls_n: int = nulls.DRAWS,
    draws: int = 10,
    sample: int = SAMPLE,
    memory: Path | None = None,
    limits: tuple[int, int] | None = None,
) -> dict[str, float]:
    """Every score of ``segmenter`` on the customers X (all its features); nan where a score is not defined.

    Names: silhouette, silhouette_null, copula_gap and copula_gap_low (see ``structure.Structure``), dbcv, jaccard_min
    and jaccard_mean over segments, segments_n, smallest_share and noise_share (of all customers); with ``limits``
    (fewest, most groups) better_k, better_k_by and better_k_low (see ``structure.Better``). The clusterer is fitted
    again on X ``draws`` times, and ``nulls_n`` times for each number of groups on as many customers without groups:
    give a sample of many customers.
    """
    customers = _seen_by(segmenter, X)
    label = labels_of(segmenter, customers, memory)
    found = structure(customers, segmenter, seed, nulls_n, memory)
    stability = list(jaccard(customers, label, segmenter, seed, draws, memory).values())
    better = Better() if limits is None else better_number(customers, segmenter, limits, seed, nulls_n, memory)
    return {
        "silhouette": float(Distances.of(customers.Z, seed, sample).silhouettes(label).mean()),
        "silhouette_null": found.null,
        "copula_gap": found.gap,
        "copula_gap_low": found.low,
        "dbcv": dbcv(customers.Z, label, seed),
        "jaccard_min": float(np.min(stability)) if stability else NAN,
        "jaccard_mean": float(np.mean(stability)) if stability else NAN,
        **sizes(label),
        **{f"better_k{suffix}": value for suffix, value in (("", better.k), ("_by", better.by), ("_low", better.low))},
    }


def _seen_by(segmenter: Segmenter, X: pd.DataFrame) -> Prepared:
    """The customers, preprocessed as those that the segmenter was fitted on."""
    return Prepared(X, segmenter.preprocessing, preprocessing.transform(segmenter.preprocessing, X))


def sizes(label: Labels) -> dict[str, float]:
    """segments_n, smallest_share (the smallest segment's share of all customers; nan if none) and noise_share.

    >>> sizes(np.array([0, 0, 1, -1]))
    {'segments_n': 2.0, 'smallest_share': 0.25, 'noise_share': 0.25}
    """
    _, counts = np.unique(label[label != NOISE], return_counts=True)
    smallest = float(counts.min() / len(label)) if len(counts) else NAN
    return {
        "segments_n": float(len(counts)),
        "smallest_share": smallest,
        "noise_share": float((label == NOISE).mean()),
    }


def dbcv(Z: Floats, label: Labels, seed: int, sample: int = 2_000) -> float:
    """Density-based validity (Moulavi et al. 2014) in [-1, 1], on a sample; nan for fewer than two clusters.

    Noise lowers it, because each cluster is weighted by its share of all customers. Equal customers count once, because
    their density would be infinite.
    """
    chosen = drawn(len(Z), seed, sample)
    points, first = np.unique(Z[chosen], axis=0, return_index=True)
    labels = label[chosen][first]
    values, counts = np.unique(labels[labels != NOISE], return_counts=True)
    if len(values) < 2 or counts.min() < 3:
        return NAN
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return float(validity_index(points, np.where(labels == NOISE, NOISE, np.searchsorted(values, labels))))


def refit(segmenter: Segmenter, customers: Prepared, memory: Path | None = None) -> Segmenter:
    """The same clustering of other customers."""
    return fit_clusters(customers, segmenter.clusterer, segmenter.params, segmenter.seed, memory)


def jaccard(
    customers: Prepared, label: Labels, segmenter: Segmenter, seed: int, draws: int = 10, memory: Path | None = None
) -> dict[int, float]:
    """Stability by label: mean Jaccard of a segment and its best match in bootstrap refits (Hennig 2007), in [0, 1].

    Below 0.6 a segment should not be trusted, above 0.75 it is stable. Noise is left out.
    """
    X = customers.X[list(segmenter.features)]
    values = [int(value) for value in np.unique(label) if value != NOISE]
    rng = np.random.default_rng(seed)
    if not values:
        return {}
    found = [
        _best_matches(X, X.iloc[rng.integers(len(X), size=len(X))], segmenter, label, values, memory)
        for _ in range(draws)
    ]
    return dict(zip(values, np.mean(found, axis=0).tolist(), strict=True))


def _best_matches(
    X: pd.DataFrame, drawn: pd.DataFrame, segmenter: Segmenter, label: Labels, values: list[int], memory: Path | None
) -> list[float]:
    """Jaccard of each segment with its best match in a refit on the ``drawn``; all customers are assigned by both."""
    try:
        other, _ = assign_labels(refit(segmenter, prepare_like(drawn, segmenter.preprocessing), memory), X)
    except BadInput:  # too few different customers drawn to make the groups again
        return [0.0] * len(values)
    matches = [other == value for value in np.unique(other) if value != NOISE]
    return [max((_overlap(label == value, match) for match in matches), default=0.0) for value in values]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
