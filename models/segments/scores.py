"""How good is a clustering? Separation compared with the same clustering of permuted data, and stability of segments.

Silhouette alone proves nothing: data with permuted columns, which have no joint structure, score nearly as well.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hdbscan.validity import validity_index
from sklearn.metrics import pairwise_distances, silhouette_samples

from features.errors import BadInput
from models.segments import preprocessing
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.segmenter import Prepared, Segmenter, assign_labels, fit_clusters, labels_of, prepare

SAMPLE = 5_000  # customers that a silhouette is computed on: its cost grows with their square
NAN = float("nan")


@dataclass(frozen=True)
class Gap:
    """Silhouette of the data minus that of column-permuted data; ``low`` to ``high`` contains 95% of the draws.

    Permuted data that score below 0 count as 0, the score of no grouping: a bad clustering of noise must not raise the
    gap.
    """

    silhouette: float
    permuted: float  # mean over the permutations
    gap: float
    low: float
    high: float


def clustering_scores(
    X: pd.DataFrame,
    segmenter: Segmenter,
    seed: int,
    permutations: int = 5,
    draws: int = 10,
    sample: int = SAMPLE,
    memory: Path | None = None,
) -> dict[str, float]:
    """Every score of ``segmenter`` on the customers X (all its features); nan where a score is not defined.

    Names: silhouette, silhouette_permuted, permuted_gap (and _low, _high), dbcv, jaccard_min and jaccard_mean over
    segments, segments_n, smallest_share and noise_share (of all customers). The clusterer is fitted again on X
    ``permutations + draws`` times: give a sample of many customers.
    """
    customers = _seen_by(segmenter, X)
    label = labels_of(segmenter, customers, memory)
    gap = permuted_gap(customers, label, segmenter, seed, permutations, sample, memory)
    stability = list(jaccard(customers, label, segmenter, seed, draws, memory).values())
    return {
        "silhouette": gap.silhouette,
        "silhouette_permuted": gap.permuted,
        "permuted_gap": gap.gap,
        "permuted_gap_low": gap.low,
        "permuted_gap_high": gap.high,
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


def permuted_gap(
    customers: Prepared,
    label: Labels,
    segmenter: Segmenter,
    seed: int,
    permutations: int = 5,
    sample: int = SAMPLE,
    memory: Path | None = None,
) -> Gap:
    """Silhouette compared with that of the same clusterer and parameters on column-permuted customers.

    Permuting each column preserves its distribution and destroys its dependence on the others. The interval is over
    permutations and a bootstrap of customers. ``memory`` is a folder in which fits share the permuted data's trees.
    """
    real = Distances.of(customers.Z, seed, sample).silhouettes(label)
    shuffled = []
    for null in permuted(customers, segmenter.features, seed, permutations):
        found = labels_of(refit(segmenter, null, memory), null, memory)
        shuffled.append(Distances.of(null.Z, seed, sample).silhouettes(found))
    return gap_between(real, shuffled, seed)


def gap_between(real: Floats, shuffled: Sequence[Floats], seed: int) -> Gap:
    """The gap between the customers' silhouettes and those of each permutation."""
    rng = np.random.default_rng(seed)
    draws = [
        _resampled_mean(real, rng) - max(0.0, _resampled_mean(shuffled[i % len(shuffled)], rng)) for i in range(500)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    permuted_mean = float(np.mean([values.mean() for values in shuffled]))
    gap = float(real.mean()) - float(np.mean([max(0.0, values.mean()) for values in shuffled]))
    return Gap(float(real.mean()), permuted_mean, gap, float(low), float(high))


def refit(segmenter: Segmenter, customers: Prepared, memory: Path | None = None) -> Segmenter:
    """The same clustering of other customers."""
    return fit_clusters(customers, segmenter.clusterer, segmenter.params, segmenter.seed, memory)


def permuted(customers: Prepared, columns: Sequence[str], seed: int, permutations: int) -> Iterator[Prepared]:
    """The customers with every column shuffled by itself, and preprocessed again."""
    rng = np.random.default_rng(seed)
    for _ in range(permutations):
        shuffled = pd.DataFrame({name: rng.permutation(customers.X[name].to_numpy()) for name in columns})
        yield prepare(shuffled, customers.preprocessing.features)


def _resampled_mean(values: Floats, rng: np.random.Generator) -> float:
    return float(values[rng.integers(len(values), size=len(values))].mean())


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
