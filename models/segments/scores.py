"""How good is a clustering? Separation compared with that of customers without groups, and stability of segments.

Silhouette alone proves nothing: one cloud with the same marginals and rank correlations often scores as well.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hdbscan.validity import validity_index
from sklearn.metrics import pairwise_distances, silhouette_samples

from features.errors import BadInput
from models.segments import nulls, preprocessing
from models.segments.clusterers import NOISE, Floats, Labels, clusterer
from models.segments.segmenter import Prepared, Segmenter, assign_labels, fit_clusters, labels_of, prepare
from models.segments.shared import once

SAMPLE = 5_000  # customers that a silhouette is computed on: its cost grows with their square
TEST_CUSTOMERS = 4_000  # customers that are clustered again and again in the test of structure
TEST_SILHOUETTES = 2_000
LEAST_SPREAD = 0.01  # of silhouettes between draws: where clouds hardly differ, a tiny difference is no structure
NAN = float("nan")


@dataclass(frozen=True)
class Structure:
    """Mean silhouettes of a clustering and of the same clustering of customers without groups, and their difference.

    ``low`` is the part of the gap beyond chance: what remains after subtracting the most that any draw without groups
    reaches, at whatever number of groups it does best. Above 0, the 19 draws show structure at the 5 % level.
    """

    silhouette: float
    null: float
    gap: float
    low: float


def clustering_scores(
    X: pd.DataFrame,
    segmenter: Segmenter,
    seed: int,
    nulls_n: int = nulls.DRAWS,
    draws: int = 10,
    sample: int = SAMPLE,
    memory: Path | None = None,
) -> dict[str, float]:
    """Every score of ``segmenter`` on the customers X (all its features); nan where a score is not defined.

    Names: silhouette, silhouette_null, copula_gap and copula_gap_low (see :class:`Structure`), dbcv, jaccard_min and
    jaccard_mean over segments, segments_n, smallest_share and noise_share (of all customers). The clusterer is fitted
    again on X ``draws`` times, and ``nulls_n`` times for each number of groups on as many customers without groups:
    give a sample of many customers.
    """
    customers = _seen_by(segmenter, X)
    label = labels_of(segmenter, customers, memory)
    found = structure(customers, segmenter, seed, nulls_n, memory)
    stability = list(jaccard(customers, label, segmenter, seed, draws, memory).values())
    return {
        "silhouette": float(Distances.of(customers.Z, seed, sample).silhouettes(label).mean()),
        "silhouette_null": found.null,
        "copula_gap": found.gap,
        "copula_gap_low": found.low,
        "dbcv": dbcv(customers.Z, label, seed),
        "jaccard_min": float(np.min(stability)) if stability else NAN,
        "jaccard_mean": float(np.mean(stability)) if stability else NAN,
        **sizes(label),
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


@dataclass(frozen=True)
class Distances:
    """Distances (m, m) between the ``chosen`` customers (m,), which silhouettes under any labels share."""

    chosen: Labels
    between: Floats

    @staticmethod
    def of(Z: Floats, seed: int, sample: int = SAMPLE) -> "Distances":
        """Between at most ``sample`` of the customers ``Z`` (n, features)."""
        chosen = _chosen(len(Z), seed, sample)
        return Distances(chosen, pairwise_distances(Z[chosen]))

    def silhouettes(self, label: Labels) -> Floats:
        """Silhouette (Rousseeuw 1987) of each chosen customer (m,), in [-1, 1]; 0 for fewer than two groups.

        ``label`` (n,) are the labels of all customers. Noise counts as its own group: dropping it would reward
        clusterers that leave out the hard customers.
        """
        mine = label[self.chosen]
        groups = len(np.unique(mine))
        if groups < 2 or groups >= len(mine):
            return np.zeros(len(mine))
        return np.asarray(silhouette_samples(self.between, mine, metric="precomputed"), dtype=np.float64)


def _chosen(rows: int, seed: int, sample: int) -> Labels:
    """Every row, or ``sample`` of them in their order."""
    if rows <= sample:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


def dbcv(Z: Floats, label: Labels, seed: int, sample: int = 2_000) -> float:
    """Density-based validity (Moulavi et al. 2014) in [-1, 1], on a sample; nan for fewer than two clusters.

    Noise lowers it, because each cluster is weighted by its share of all customers. Equal customers count once, because
    their density would be infinite.
    """
    chosen = _chosen(len(Z), seed, sample)
    points, first = np.unique(Z[chosen], axis=0, return_index=True)
    labels = label[chosen][first]
    values, counts = np.unique(labels[labels != NOISE], return_counts=True)
    if len(values) < 2 or counts.min() < 3:
        return NAN
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return float(validity_index(points, np.where(labels == NOISE, NOISE, np.searchsorted(values, labels))))


def structure(
    customers: Prepared, segmenter: Segmenter, seed: int, draws: int = nulls.DRAWS, memory: Path | None = None
) -> Structure:
    """Is the separation more than that of one cloud? At most ``TEST_CUSTOMERS`` are clustered, real and null alike.

    Each draw is compared with the others, at every number of groups, in standard deviations between the others; its
    largest surplus is what searching among the numbers finds where there is nothing. It takes 3 draws or more.
    ``memory`` is a folder in which fits share the null's work.
    """
    some = _some(customers, seed)
    numbers = clusterer(segmenter.clusterer).numbers(segmenter.params)
    real = max(0.0, mean_silhouette(some, segmenter, segmenter.params, seed, memory))
    drawn = nulls.copula(some, segmenter.features, seed, draws)
    null = np.array([[max(0.0, mean_silhouette(each, segmenter, n, seed, memory)) for n in numbers] for each in drawn])
    own = null[:, [dict(n) == dict(segmenter.params) for n in numbers].index(True)]
    mean, spread = float(own.mean()), max(float(own.std(ddof=1)), LEAST_SPREAD)
    return Structure(real, mean, real - mean, real - (mean + spread * _largest_surplus(null)))


def _largest_surplus(null: Floats) -> float:
    """The largest of silhouettes (draws, numbers) above the mean of the other draws, in their standard deviations."""
    others = [np.delete(null, draw, axis=0) for draw in range(len(null))]
    mean = np.array([each.mean(axis=0) for each in others])
    spread = np.array([np.maximum(each.std(axis=0, ddof=1), LEAST_SPREAD) for each in others])
    return float(((null - mean) / spread).max())


def _some(customers: Prepared, seed: int) -> Prepared:
    """All customers, or ``TEST_CUSTOMERS`` of them, preprocessed again."""
    chosen = _chosen(len(customers.Z), seed, TEST_CUSTOMERS)
    if len(chosen) == len(customers.Z):
        return customers
    return prepare(customers.X.iloc[chosen], customers.preprocessing.features)


def mean_silhouette(
    customers: Prepared, segmenter: Segmenter, params: Mapping[str, Any], seed: int, memory: Path | None
) -> float:
    """Mean silhouette of these customers, clustered with ``params``; 0 where the clusterer finds no groups.

    With ``memory``, the same clustering of the same customers is computed once by all processes of a study.
    """

    def compute() -> tuple[Floats, ...]:
        try:
            fitted = fit_clusters(customers, segmenter.clusterer, params, segmenter.seed, memory)
        except BadInput:  # too few different customers for these groups
            return (np.zeros(1),)
        found = Distances.of(customers.Z, seed, TEST_SILHOUETTES).silhouettes(labels_of(fitted, customers, memory))
        return (np.array([found.mean()]),)

    if memory is None:
        return float(compute()[0][0])
    asked = (customers.Z, segmenter.clusterer, sorted(params.items()), segmenter.seed, seed)
    needed = [customers.X[name].to_numpy() for name in clusterer(segmenter.clusterer).NEEDS]
    return float(once(memory, "silhouette", (*asked, *needed), compute)[0][0])


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
        other, _ = assign_labels(refit(segmenter, prepare(drawn, segmenter.preprocessing.features), memory), X)
    except BadInput:  # too few different customers drawn to make the groups again
        return [0.0] * len(values)
    matches = [other == value for value in np.unique(other) if value != NOISE]
    return [max((_overlap(label == value, match) for match in matches), default=0.0) for value in values]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
