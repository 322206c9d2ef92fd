"""Coarse groups: near segments have a parent in common, and a group keeps its id when customers are clustered anew."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from models.segments import hierarchy, segmenter
from models.segments.segmenter import Segmenter, before_refit, described

FEATURES = ["purchase_order_value_mean", "purchase_days_n"]
CENTRES = [(10.0, 2.0), (12.0, 2.5), (200.0, 3.0), (220.0, 4.0), (60.0, 60.0), (70.0, 66.0)]
"""Three pairs of near ones."""


def customers(n: int = 1_200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    centre = np.array(CENTRES)[np.arange(n) % len(CENTRES)]
    X = pd.DataFrame(centre * random.lognormal(0, 0.03, (n, 2)), columns=FEATURES)
    return X.assign(purchase_spend=X.prod(axis=1), purchase_recency_days=20.0, purchase_tenure_days=400.0)


def fitted(X: pd.DataFrame, seed: int = 0, before: Segmenter | None = None) -> Segmenter:
    model = segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": 6}, seed)
    return described(model, X, "EUR", before_refit(before, X, "kmeans") if before else None)


@pytest.fixture(scope="module")
def model() -> Segmenter:
    return fitted(customers())


def test_every_segment_has_one_parent_and_near_ones_the_same(model: Segmenter) -> None:
    parents = hierarchy.parents(model.groups)
    assert sorted(parents) == sorted(each.id for each in model.catalogue)
    X = customers()
    assigned = segmenter.assign(model, X)
    pair = np.arange(len(X)) % 6 // 2
    for one, other in combinations(range(3), 2):
        groups = [set(assigned["segment_group_id"][pair == each]) for each in (one, other)]
        assert len(groups[0]) == len(groups[1]) == 1
        assert groups[0] != groups[1]


def test_sizes_and_revenue_of_groups_add_up(model: Segmenter) -> None:
    X = customers()
    inside = segmenter.assign(model, X)["segment_group_id"]
    for group in model.groups:
        assert group.size == (inside == group.id).sum()
        assert group.share == pytest.approx(group.size / len(X))
        spend = X["purchase_spend"][(inside == group.id).to_numpy()].sum()
        assert group.revenue_share == pytest.approx(spend / X["purchase_spend"].sum())
    assert len({group.name for group in model.groups}) == len(model.groups)


def test_merging_is_wards_as_scipy_does_it() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        means = random.normal(size=(8, 3))
        ours = hierarchy.merged(means, np.ones(8))
        theirs = fcluster(linkage(means, "ward"), len(set(ours.tolist())), "maxclust")
        assert len({*zip(ours.tolist(), theirs.tolist(), strict=True)}) == len(set(ours.tolist()))


def test_a_group_keeps_its_id_in_a_refit(model: Segmenter) -> None:
    X = customers()
    again = fitted(customers(seed=5), seed=3, before=model)
    one, other = (segmenter.assign(each, X)["segment_group_id"] for each in (model, again))
    assert (one == other).mean() > 0.99


def test_groups_outlive_a_file_and_an_older_artifact_has_none(model: Segmenter) -> None:
    files = segmenter.dump(model)
    assert segmenter.load(files).groups == model.groups
    old = {**files, "segmenter.json": files["segmenter.json"].replace(b'"groups"', b'"other"')}
    loaded = segmenter.load(old)
    assert loaded.groups == ()
    assert list(segmenter.assign(loaded, customers()).columns) == ["segment_id", "segment_name", "segment_strength"]


def test_two_segments_are_coarse_enough() -> None:
    X = customers()
    found = described(segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": 2}, 0), X)
    assert found.groups == ()
