"""How good is a clustering? Separation compared with the same clustering of permuted data, and stability of segments.

Silhouette alone proves nothing: data with permuted columns, which have no joint structure, score nearly as well.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hdbscan.validity import validity_index
from sklearn.metrics import silhouette_samples

from features.errors import BadInput
from models.segments import preprocessing
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.segmenter import Segmenter, assign_labels, fit_clusters

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
    segments, segments_n, smallest_share and noise_share (of all customers).
    """
    label, _ = assign_labels(segmenter, X)
    gap = permuted_gap(X, segmenter, seed, permutations, sample, memory)
    stability = list(jaccard(X, segmenter, seed, draws).values())
    return {
        "silhouette": gap.silhouette,
        "silhouette_permuted": gap.permuted,
        "permuted_gap": gap.gap,
        "permuted_gap_low": gap.low,
        "permuted_gap_high": gap.high,
        "dbcv": dbcv(preprocessing.transform(segmenter.preprocessing, X), label, seed),
        "jaccard_min": float(np.min(stability)) if stability else NAN,
        "jaccard_mean": float(np.mean(stability)) if stability else NAN,
        **sizes(label),
    }


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


def silhouette(Z: Floats, label: Labels, seed: int, sample: int = SAMPLE) -> float:
    """Mean silhouette (Rousseeuw 1987) of at most ``sample`` customers, in [-1, 1]; 0 for fewer than two groups.

    Noise counts as its own group: dropping it would reward clusterers that leave out the hard customers.
    """
    return float(_silhouettes(Z, label, seed, sample).mean())


def _silhouettes(Z: Floats, label: Labels, seed: int, sample: int) -> Floats:
    """One value per sampled customer (n,)."""
    chosen = _chosen(len(Z), seed, sample)
    groups = len(np.unique(label[chosen]))
    if groups < 2 or groups >= len(chosen):
        return np.zeros(len(chosen))
    return np.asarray(silhouette_samples(Z[chosen], label[chosen]), dtype=np.float64)


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
    X: pd.DataFrame,
    segmenter: Segmenter,
    seed: int,
    permutations: int = 5,
    sample: int = SAMPLE,
    memory: Path | None = None,
) -> Gap:
    """Silhouette compared with that of the same clusterer and parameters on column-permuted customers.

    Permuting each column preserves its distribution and destroys its dependence on the others. The interval is over
    permutations and a bootstrap of customers. ``memory`` is a folder in which trials share the permuted data's trees.
    """
    real = _silhouettes(*_space(X, segmenter), seed, sample)
    shuffled = []
    for permuted in _permuted(X[list(segmenter.features)], seed, permutations):
        shuffled.append(_silhouettes(*_space(permuted, _refit(segmenter, permuted, memory)), seed, sample))
    rng = np.random.default_rng(seed)
    draws = [
        _resampled_mean(real, rng) - max(0.0, _resampled_mean(shuffled[i % permutations], rng)) for i in range(500)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    permuted_mean = float(np.mean([values.mean() for values in shuffled]))
    gap = float(real.mean()) - float(np.mean([max(0.0, values.mean()) for values in shuffled]))
    return Gap(float(real.mean()), permuted_mean, gap, float(low), float(high))


def _space(X: pd.DataFrame, segmenter: Segmenter) -> tuple[Floats, Labels]:
    """The customers in standard units (n, features), and their labels (n,)."""
    return preprocessing.transform(segmenter.preprocessing, X), assign_labels(segmenter, X)[0]


def _refit(segmenter: Segmenter, X: pd.DataFrame, memory: Path | None = None) -> Segmenter:
    """The same clustering of other customers."""
    return fit_clusters(
        X, segmenter.preprocessing.features, segmenter.clusterer, segmenter.params, segmenter.seed, memory
    )


def _permuted(X: pd.DataFrame, seed: int, permutations: int) -> Iterator[pd.DataFrame]:
    """X with every column shuffled by itself."""
    rng = np.random.default_rng(seed)
    for _ in range(permutations):
        yield pd.DataFrame({name: rng.permutation(X[name].to_numpy()) for name in X.columns})


def _resampled_mean(values: Floats, rng: np.random.Generator) -> float:
    return float(values[rng.integers(len(values), size=len(values))].mean())


def jaccard(X: pd.DataFrame, segmenter: Segmenter, seed: int, draws: int = 10) -> dict[int, float]:
    """Stability by label: mean Jaccard of a segment and its best match in bootstrap refits (Hennig 2007), in [0, 1].

    Below 0.6 a segment should not be trusted, above 0.75 it is stable. Noise is left out.
    """
    label, _ = assign_labels(segmenter, X)
    values = [int(value) for value in np.unique(label) if value != NOISE]
    rng = np.random.default_rng(seed)
    found = [_best_matches(X, segmenter, label, values, rng) for _ in range(draws)]
    return dict(zip(values, np.mean(found, axis=0).tolist(), strict=True)) if values else {}


def _best_matches(
    X: pd.DataFrame, segmenter: Segmenter, label: Labels, values: list[int], rng: np.random.Generator
) -> list[float]:
    """Jaccard of each segment with its best match in one refit; all customers are assigned by both."""
    drawn = X[list(segmenter.features)].iloc[rng.integers(len(X), size=len(X))]
    try:
        other, _ = assign_labels(_refit(segmenter, drawn), X)
    except BadInput:  # too few different customers drawn to make the groups again
        return [0.0] * len(values)
    matches = [other == value for value in np.unique(other) if value != NOISE]
    return [max((_overlap(label == value, match) for match in matches), default=0.0) for value in values]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
