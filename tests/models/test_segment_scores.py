"""Scores of clusterings separate structure from one cloud, and stable segments from chance ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from models.segments import preprocessing
from models.segments import structure as structures
from models.segments.clusterers import Floats, Labels
from models.segments.distances import Distances
from models.segments.nulls import copula
from models.segments.scores import clustering_scores, dbcv, jaccard, sizes
from models.segments.segmenter import Prepared, Segmenter, fit_clusters, labels_of, prepare
from models.segments.structure import LEAST_SPREAD, better_number, structure

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
def test_planted_groups_score_far_above_one_cloud(clusterer: str, params: dict[str, float]) -> None:
    X = blobs(0.4)
    _, _, fitted = clustered(X, clusterer, params)
    found = clustering_scores(X, fitted, seed=0, nulls_n=5, draws=5)
    assert 0.15 < found["copula_gap_low"] < found["copula_gap"]
    assert found["jaccard_min"] > 0.95
    assert found["segments_n"] == 3
    assert found["smallest_share"] == pytest.approx(1 / 3, abs=0.02)


def correlated(seed: int, rows: int = 400) -> pd.DataFrame:
    """One cloud of three correlated, skewed columns: it separates better than its columns shuffled."""
    rng = np.random.default_rng(seed)
    normal = rng.multivariate_normal(np.zeros(3), [[1, 0.8, 0.5], [0.8, 1, 0.5], [0.5, 0.5, 1]], rows)
    return pd.DataFrame(np.exp(normal), columns=FEATURES)


@pytest.mark.parametrize("k", [3, pytest.param(6, marks=pytest.mark.slow)])
def test_a_correlated_cloud_has_no_structure_although_it_separates_better_than_shuffled_columns(k: int) -> None:
    beyond, above_shuffled = [], []
    for seed in range(6):
        X = correlated(seed)
        customers, label, fitted = clustered(X, "kmeans", {"k": k})
        found = structure(customers, fitted, seed, draws=9)
        beyond.append(found.low > 0)
        rng = np.random.default_rng(9)
        shuffled = X.apply(rng.permutation)
        other, cut, _ = clustered(shuffled, "kmeans", {"k": k})
        above_shuffled.append(silhouette(customers.Z, label) > silhouette(other.Z, cut) + 0.02)
        assert found.silhouette > 0.2
    assert sum(above_shuffled) >= 5
    assert sum(beyond) <= 1


def test_the_null_searches_among_the_numbers_of_groups_too() -> None:
    customers, _, fitted = clustered(correlated(3), "kmeans", {"k": 5})
    found = structure(customers, fitted, 0, draws=5)
    draws = list(copula(customers, FEATURES, 0, 5))
    by_number = {
        k: [silhouette(each.Z, labels_of(fit_clusters(each, "kmeans", {"k": k}, 0), each)) for each in draws]
        for k in range(3, 11)
    }
    assert found.null == pytest.approx(np.mean(by_number[5]))
    surplus = []
    for values in by_number.values():
        for left_out, value in enumerate(values):
            others = [other for number, other in enumerate(values) if number != left_out]
            surplus.append((value - np.mean(others)) / max(np.std(others, ddof=1), LEAST_SPREAD))
    threshold = np.mean(by_number[5]) + max(surplus) * max(np.std(by_number[5], ddof=1), LEAST_SPREAD)
    assert found.low == pytest.approx(found.silhouette - threshold)


def test_structure_is_the_same_with_shared_work_and_on_a_sample_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers, _, fitted = clustered(blobs(0.4), "kmeans", {"k": 3})
    alone = structure(customers, fitted, 0, draws=3)
    assert [structure(customers, fitted, 0, draws=3, memory=tmp_path) for _ in range(2)] == [alone, alone]
    monkeypatch.setattr(structures, "TEST_CUSTOMERS", 200)
    assert structure(customers, fitted, 0, draws=3).low > 0.15


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
    first, second = (clustering_scores(X, fitted, seed=4, nulls_n=3, draws=2) for _ in range(2))
    assert first == second


def test_without_a_cluster_scores_are_nan_or_zero() -> None:
    X = blobs(10, each=30)
    _, _, fitted = clustered(X, "hdbscan", {"min_cluster_share": 0.6})
    found = clustering_scores(X, fitted, seed=0, nulls_n=3, draws=2)
    assert found["segments_n"] == 0
    assert found["silhouette"] == 0
    assert np.isnan(found["jaccard_min"])
    assert found["copula_gap_low"] <= 0


@pytest.mark.parametrize(("k", "better"), [(2, 3), (3, None), (9, 3)])
def test_the_planted_number_is_clearly_better_than_others(k: int, better: int | None) -> None:
    customers, _, fitted = clustered(blobs(0.4), "kmeans", {"k": k})
    found = better_number(customers, fitted, (2, 10), seed=0, draws=4)
    assert found.k == better or (better is None and np.isnan(found.k))
    if better is not None:
        assert 0.02 < found.low < found.by


def test_no_number_is_clearly_better_in_one_cloud_and_none_beyond_the_limits_is_asked_about() -> None:
    customers, _, fitted = clustered(correlated(1), "kmeans", {"k": 5})
    assert np.isnan(better_number(customers, fitted, (4, 7), seed=0, draws=4).k)
    customers, _, fitted = clustered(blobs(0.4), "kmeans", {"k": 6})
    assert better_number(customers, fitted, (5, 10), seed=0, draws=4).k != 3
