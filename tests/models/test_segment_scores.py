"""Scores of clusterings separate structure from permuted data, and stable segments from chance ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from models.segments import preprocessing
from models.segments.clusterers import Floats, Labels
from models.segments.scores import Distances, clustering_scores, dbcv, jaccard, permuted_gap, sizes
from models.segments.segmenter import Prepared, Segmenter, fit_clusters, labels_of, prepare

FEATURES = ["a", "b", "c"]


def blobs(spread: float, each: int = 120) -> pd.DataFrame:
    """Three groups at the corners of a cube; with a wide ``spread`` they merge."""
    rng = np.random.default_rng(1)
    corners = np.array([[0, 0, 0], [4, 4, 0], [0, 4, 4]], dtype=np.float64)
    points = np.repeat(corners, each, axis=0) if spread < 10 else np.zeros((3 * each, 3))
    return pd.DataFrame(points + rng.normal(0, spread, points.shape), columns=FEATURES)


def clustered(X: pd.DataFrame, clusterer: str, params: dict[str, float]) -> tuple[Prepared, Labels, Segmenter]:
    """The customers, their labels and the segmenter."""
    customers = prepare(X, FEATURES)
    fitted = fit_clusters(customers, clusterer, params, seed=0)
    return customers, labels_of(fitted, customers), fitted


def silhouette(Z: Floats, label: Labels, sample: int = 5_000) -> float:
    return float(Distances.of(Z, 0, sample).silhouettes(label).mean())


@pytest.mark.parametrize(("clusterer", "params"), [("kmeans", {"k": 3}), ("hdbscan", {"min_cluster_share": 0.1})])
def test_planted_groups_score_far_above_their_permuted_columns(clusterer: str, params: dict[str, float]) -> None:
    X = blobs(0.4)
    _, _, fitted = clustered(X, clusterer, params)
    scores = clustering_scores(X, fitted, seed=0, permutations=3, draws=5)
    assert scores["permuted_gap_low"] > 0.15
    assert scores["permuted_gap_low"] < scores["permuted_gap"] < scores["permuted_gap_high"]
    assert scores["jaccard_min"] > 0.95
    assert scores["segments_n"] == 3
    assert scores["smallest_share"] == pytest.approx(1 / 3, abs=0.02)


def test_data_without_structure_have_no_gap_although_their_silhouette_looks_fine() -> None:
    gap = permuted_gap(*clustered(blobs(10), "kmeans", {"k": 4}), seed=0)
    assert gap.silhouette > 0.2
    assert abs(gap.gap) < 0.03
    assert gap.low < 0 < gap.high


def test_groups_that_are_not_there_do_not_survive_a_bootstrap() -> None:
    stable = jaccard(*clustered(blobs(0.4), "kmeans", {"k": 3}), seed=0, draws=5)
    shaky = jaccard(*clustered(blobs(10), "kmeans", {"k": 7}), seed=0, draws=5)
    assert set(stable) == {0, 1, 2}
    assert min(stable.values()) > 0.95
    assert min(shaky.values()) < 0.6


def test_silhouette_is_that_of_scikit_learn_with_noise_as_a_group_of_its_own() -> None:
    customers, label, _ = clustered(blobs(1.5), "hdbscan", {})
    assert (label == -1).any()
    assert silhouette(customers.Z, label) == silhouette_score(customers.Z, label)


def test_a_sampled_silhouette_is_near_the_full_one_and_reproducible() -> None:
    customers, label, _ = clustered(blobs(0.8, each=400), "kmeans", {"k": 3})
    sampled = silhouette(customers.Z, label, sample=400)
    assert sampled == silhouette(customers.Z, label, sample=400)
    assert sampled == pytest.approx(silhouette(customers.Z, label), abs=0.03)


def test_one_group_explains_nothing() -> None:
    Z = np.random.default_rng(0).normal(size=(50, 2))
    one = np.zeros(50, dtype=np.int64)
    assert silhouette(Z, one) == 0
    assert np.isnan(dbcv(Z, one, seed=0))
    assert sizes(one - 1) == {"segments_n": 0.0, "smallest_share": pytest.approx(float("nan"), nan_ok=True)} | {
        "noise_share": 1.0
    }


def test_dbcv_rates_dense_groups_above_a_cut_through_them() -> None:
    X = blobs(0.4)
    Z = preprocessing.transform(preprocessing.fit(X, FEATURES), X)
    groups = np.repeat([0, 1, 2], 120)
    assert dbcv(Z, groups, seed=0) > 0.5
    assert dbcv(Z, (Z[:, 0] > np.median(Z[:, 0])).astype(np.int64), seed=0) < 0
    doubled = np.concatenate([Z, Z])
    assert dbcv(doubled, np.concatenate([groups, groups]), seed=0) == pytest.approx(dbcv(Z, groups, seed=0))


def test_scores_are_reproducible_with_the_same_seed() -> None:
    X = blobs(0.8, each=60)
    _, _, fitted = clustered(X, "kmeans", {"k": 3})
    first, second = (clustering_scores(X, fitted, seed=4, permutations=2, draws=2) for _ in range(2))
    assert first == second


def test_without_a_cluster_scores_are_nan_or_zero() -> None:
    X = blobs(10, each=30)
    _, _, fitted = clustered(X, "hdbscan", {"min_cluster_share": 0.6})
    scores = clustering_scores(X, fitted, seed=0, permutations=2, draws=2)
    assert scores["segments_n"] == 0
    assert scores["silhouette"] == 0
    assert np.isnan(scores["jaccard_min"])
    assert scores["permuted_gap_low"] <= 0
