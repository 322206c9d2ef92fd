"""Segments: planted groups are found, and the segment catalogue describes them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from features.errors import BadArtifact, BadInput
from models.segments import catalogue, segmenter
from models.segments import names as segment_names_module
from models.segments.clusterers import hdbscan, kmeans, rfm
from models.segments.names import segment_names
from models.segments.neighbours import Neighbours
from models.segments.segmenter import assign, assign_labels, fit_segmenter

FEATURES = ["purchase_recency_days", "purchase_tenure_days", "purchase_days_n", "purchase_order_value_mean"]
# recency, tenure, days with a purchase, order value
WHOLESALER, LAPSED, STEADY, NEW = (10, 600, 20, 300), (300, 320, 1, 60), (60, 400, 5, 90), (15, 20, 1, 80)


def shop(*kinds: tuple[float, ...], each: int = 150, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """``each`` customers of every kind, scattered around it, and which kind each is."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(kinds)), each)
    centre = np.array(kinds, dtype=np.float64)[truth]
    values = centre * rng.gamma(60, 1 / 60, centre.shape)
    X = pd.DataFrame(values, columns=FEATURES)
    X["purchase_days_n"] = X["purchase_days_n"].round().clip(lower=1)
    X["purchase_spend"] = X["purchase_days_n"] * X["purchase_order_value_mean"]
    return X, truth


@pytest.mark.parametrize(("clusterer", "params"), [("kmeans", {"k": 4}), ("hdbscan", {})])
def test_planted_groups_are_found_again(clusterer: str, params: dict[str, int]) -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    label, _ = assign_labels(fit_segmenter(X, FEATURES, clusterer, params, seed=0), X)
    assert adjusted_rand_score(truth, label) > 0.95


def test_customers_never_seen_join_the_group_they_resemble_and_a_stranger_none() -> None:
    X, _ = shop(WHOLESALER, LAPSED, STEADY, NEW)
    later, truth = shop(WHOLESALER, LAPSED, STEADY, NEW, seed=1)
    fitted = fit_segmenter(X, FEATURES, "hdbscan", {}, seed=0)
    label, _ = assign_labels(fitted, later)
    assert (label == -1).mean() < 0.15
    assert adjusted_rand_score(truth[label != -1], label[label != -1]) > 0.95
    # Long lapsed, yet buying like a wholesaler: far from all groups.
    stranger = pd.DataFrame([{**X.median(), "purchase_recency_days": 330.0, "purchase_days_n": 22.0}])
    assert assign(fitted, stranger)["segment_id"].tolist() == ["s0"]


@pytest.mark.parametrize("params", [{}, {"selection": "leaf"}, {"epsilon": 0.4}, {"min_samples": 5}])
def test_hdbscan_points_get_back_the_labels_the_library_gave_them(params: dict[str, object]) -> None:
    rng = np.random.default_rng(2)
    blobs = [rng.normal(c, s, (200, 3)) for c, s in [(0, 0.6), (4, 0.6), (-4, 1.0)]]
    Z = np.concatenate([*blobs, rng.uniform(-8, 8, (150, 3))])
    model = hdbscan.fit(pd.DataFrame(), Z, {**hdbscan.DEFAULTS, **params}, 0, None)
    label, _ = hdbscan.assign(model, pd.DataFrame(), Z)
    assert len(model.reach) >= 2
    assert 50 < (model.label == -1).sum() < 400
    assert (label == model.label).mean() >= 0.99


def test_hdbscan_joins_the_nearest_group_past_a_nearer_noise_point_but_not_beyond_its_reach() -> None:
    line = np.array([[0.0], [1.0], [2.0], [3.0], [3.6]])
    loner_last = np.array([0, 0, 0, 0, -1])
    core = np.array([1.0, 1.0, 1.0, 0.6, 0.6])
    model = hdbscan._model(Neighbours.of(line), loner_last, core, np.array([1.0, 1.0, 1.0, 1.2, 9.0]), min_samples=1)
    label, strength = hdbscan.assign(model, pd.DataFrame(), np.array([[3.5], [4.3], [9.0]]))
    assert label.tolist() == [0, -1, -1]
    assert strength.tolist() == [1.0, 0.0, 0.0]


def test_hdbscan_that_finds_no_group_labels_everyone_noise() -> None:
    X = pd.DataFrame(np.random.default_rng(0).uniform(0, 1, (60, 2)), columns=["a", "b"])
    fitted = fit_segmenter(X, ["a", "b"], "hdbscan", {"min_cluster_share": 0.6}, seed=0)
    assert [(segment.id, segment.name, segment.size) for segment in fitted.catalogue] == [
        ("s0", "No clear segment", 60)
    ]
    assert (assign(fitted, X)["segment_strength"] == 0).all()


def test_kmeans_strength_is_one_at_the_centre_and_zero_half_way() -> None:
    X = pd.DataFrame({"a": [0.0, 0.0, 2.0, 2.0], "b": [0.0, 0.0, 0.0, 0.0]})
    fitted = fit_segmenter(X, ["a"], "kmeans", {"k": 2}, seed=0)
    answer = assign(fitted, pd.DataFrame({"a": [0.0, 2.0]}))
    assert answer["segment_strength"].tolist() == [1.0, 1.0]
    _, strength = kmeans.assign(kmeans.Model(np.array([[0.0], [2.0]])), X, np.array([[1.0], [0.5]]))
    assert strength.tolist() == [0.0, 1 - 0.5 / 1.5]


# Ten customers; quintile edges of 1..10 are 2.8, 4.6, 6.4, 8.2, so scores run 1 1 2 2 3 3 4 4 5 5 (recency reversed).
@pytest.mark.parametrize(
    ("recency", "days", "spend", "rfm_scores", "group"),
    [
        (1, 10, 10, (5, 5, 5), "Champions"),
        (5, 9, 7, (3, 5, 4), "Loyal customers"),
        (10, 8, 6, (1, 4, 3), "Can't lose them"),
        (3, 3, 4, (4, 2, 2), "Potential loyalists"),
        (6, 5, 5, (3, 3, 3), "Need attention"),
        (9, 3, 7, (1, 2, 4), "Hibernating"),
        (1, 1, 2, (5, 1, 1), "New customers"),
        (6, 2, 3, (3, 1, 2), "About to sleep"),
        (10, 1, 1, (1, 1, 1), "Lost"),
        (np.nan, np.nan, np.nan, (1, 1, 1), "Lost"),  # all null: the lowest scores
    ],
)
def test_rfm_rules_by_hand(
    recency: float, days: float, spend: float, rfm_scores: tuple[int, int, int], group: str
) -> None:
    ten = pd.DataFrame({name: np.arange(1.0, 11.0) for name in rfm.NEEDS})
    model = rfm.fit(ten, ten.to_numpy(), {}, 0, None)
    customer = pd.DataFrame([(recency, days, spend)], columns=list(rfm.NEEDS), dtype=np.float64)
    assert tuple(rfm.scores(model, customer)[0]) == rfm_scores
    label, strength = rfm.assign(model, customer, np.zeros((1, 3)))
    assert (rfm.NAMES[int(label[0])], strength[0]) == (group, 1.0)


def test_rfm_gives_everyone_who_bought_on_the_last_day_the_highest_recency() -> None:
    X = pd.DataFrame({name: np.arange(1.0, 11.0) for name in rfm.NEEDS})
    X["purchase_recency_days"] = [1.0] * 6 + [5.0, 6.0, 7.0, 8.0]
    model = rfm.fit(X, X.to_numpy(), {}, 0, None)
    assert rfm.scores(model, X)[:, 0].tolist() == [5] * 6 + [2, 2, 1, 1]


def test_rfm_gives_all_one_time_buyers_the_lowest_frequency() -> None:
    X = pd.DataFrame({name: np.arange(1.0, 11.0) for name in rfm.NEEDS})
    X["purchase_days_n"] = [1.0] * 7 + [2.0, 3.0, 9.0]
    model = rfm.fit(X, X.to_numpy(), {}, 0, None)
    assert rfm.scores(model, X)[:, 1].tolist() == [1] * 7 + [4, 5, 5]


def test_names_read_as_a_marketer_would_give_them() -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    assert segment_names(X, truth) == {
        0: "Frequent big spenders",
        1: "Lapsed small-order one-time buyers",
        2: "Repeat buyers",
        3: "New one-time buyers",
    }


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        ((350, 700, 11, 61), "Lapsed repeat buyers"),  # ten purchases 35 days apart, and none for ten times that
        ((85, 400, 10, 90), "Fading repeat buyers"),  # 35 days apart, silent for 2.4 times that
        ((25, 60, 3, 80), "New repeat buyers"),  # few purchases, but in how short a time
        ((450, 800, 2, 90), "Lapsed occasional buyers"),  # 1.3 of their one gap, but silent longer than most
        ((25, 250, 6, 80), "Active repeat buyers"),  # newer than the others, but not new
    ],
)
def test_recency_is_judged_against_the_customers_own_rhythm(customer: tuple[float, ...], name: str) -> None:
    X, truth = shop(WHOLESALER, LAPSED, (400, 500, 1, 90), STEADY, customer)
    assert segment_names(X, truth)[4] == name


def test_segments_that_would_share_a_name_are_distinguished_by_a_contrast() -> None:
    X, truth = shop(STEADY, (60, 400, 5, 110), WHOLESALER, LAPSED)
    names = segment_names(X, truth)
    assert names[0] == "Occasional buyers, smaller orders"
    assert names[1] == "Occasional buyers, larger orders"


def test_four_segments_of_one_name_are_distinguished_by_two_contrasts() -> None:
    effects = pd.DataFrame(
        {"purchase_order_value_mean": [-1.0, -1.0, 1.0, 1.0], "purchase_recency_days": [-0.5, 0.5, -0.4, 0.4]}
    )
    names = segment_names_module._distinguished(
        dict.fromkeys(range(4), "Repeat buyers"), effects, list(effects.columns)
    )
    assert names == {
        0: "Repeat buyers, smaller orders and more recent",
        1: "Repeat buyers, smaller orders and longer ago",
        2: "Repeat buyers, larger orders and more recent",
        3: "Repeat buyers, larger orders and longer ago",
    }


def test_segments_that_differ_in_nothing_known_still_have_names_of_their_own() -> None:
    X, _ = shop(STEADY, each=40)
    twice = pd.concat([X, X, X], ignore_index=True)
    names = segment_names(twice, np.repeat([0, 1, 2], len(X)))
    assert len(set(names.values())) == 3
    assert all(", group " in name for name in names.values())


def test_a_trait_far_above_all_others_enters_the_name() -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    X["basket_return_share"] = np.where(truth == 2, 0.3, 0.0)
    assert segment_names(X, truth)[2] == "Repeat buyers who send much back"


def test_the_catalogue_counts_everyone_once_and_orders_by_revenue() -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    found = catalogue.build(X, truth, (0, 1, 2, 3), {})
    assert [segment.id for segment in found] == ["s1", "s2", "s3", "s4"]
    assert found[0].label == 0
    assert sum(segment.size for segment in found) == len(X)
    assert sum(segment.revenue_share or 0 for segment in found) == pytest.approx(1)
    by_hand = X.groupby(truth)["purchase_spend"].sum() / X["purchase_spend"].sum()
    assert [segment.revenue_share for segment in found] == pytest.approx(sorted(by_hand, reverse=True))
    assert found[0].medians["purchase_recency_days"] == X.loc[truth == 0, "purchase_recency_days"].median()


def test_a_segment_is_described_by_protected_columns_only_if_the_study_names_them() -> None:
    X = pd.DataFrame(
        {
            name: [1.0, 2.0, 3.0]
            for name in ("a", "profile_age_years", "profile_gender=f", "ordered_protected_kids", "ordered_size")
        }
    )
    for read, shown in (((), ()), (("profile_gender=f", "a"), ("profile_gender=f",))):
        first, _ = catalogue.build(X, np.array([0, 1, 1]), (0, 1), {}, read=read)
        assert set(first.medians) == {"a", "ordered_size", *shown}


def test_without_spend_segments_are_ordered_by_size_and_have_no_revenue() -> None:
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    found = catalogue.build(X, np.array([0, 1, 1]), (0, 1), {})
    assert [(segment.label, segment.revenue_share) for segment in found] == [(1, None), (0, None)]
    assert found[0].description == "No typical customer is known."


def test_a_group_without_a_customer_today_is_listed_because_one_may_come_tomorrow() -> None:
    X, _ = shop(WHOLESALER, NEW, each=3)
    fitted = fit_segmenter(X, FEATURES, "rfm", {}, seed=0)
    assert {segment.name for segment in fitted.catalogue} == set(rfm.NAMES.values())
    unnamed = catalogue.build(X, np.zeros(len(X), dtype=np.int64), (0, 1), {})
    assert unnamed[1].name == "Nobody yet, group 2"
    empty = next(segment for segment in fitted.catalogue if segment.size == 0)
    assert (empty.share, empty.revenue_share, empty.medians["purchase_spend"]) == (0.0, 0.0, None)


def test_a_feature_a_clusterer_needs_is_asked_for_by_name() -> None:
    X, _ = shop(WHOLESALER, NEW)
    with pytest.raises(BadInput, match=r"missing \(purchase_spend\)"):
        fit_segmenter(X.drop(columns="purchase_spend"), FEATURES, "rfm", {}, seed=0)
    with pytest.raises(BadInput, match="purchase_spend is null for all 300 customers"):
        fit_segmenter(X.assign(purchase_spend=np.nan), FEATURES, "rfm", {}, seed=0)


def test_more_groups_than_different_customers_are_refused() -> None:
    X = pd.DataFrame({"a": [1.0, 1.0, 2.0]})
    with pytest.raises(BadInput, match="2 different customers cannot make k = 6 groups"):
        fit_segmenter(X, ["a"], "kmeans", {}, seed=0)


def test_a_catalogue_of_another_model_is_refused() -> None:
    X, _ = shop(WHOLESALER, LAPSED, STEADY, NEW)
    three = segmenter.dump(fit_segmenter(X, FEATURES, "kmeans", {"k": 3}, seed=0))
    four = segmenter.dump(fit_segmenter(X, FEATURES, "kmeans", {"k": 4}, seed=0))
    with pytest.raises(BadArtifact, match="does not list the clusterer's labels"):
        segmenter.load({**four, "segmenter.json": three["segmenter.json"]})
    with pytest.raises(BadArtifact, match="invalid entry"):
        catalogue.from_json([{"id": "s1"}])


@pytest.mark.parametrize("clusterer", ["hdbscan", "kmeans", "rfm"])
def test_assigned_in_parts_customers_have_the_bits_of_assigned_at_once(
    clusterer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _ = shop(WHOLESALER, LAPSED, STEADY, NEW)
    fitted = fit_segmenter(X, FEATURES, clusterer, {}, seed=0)
    label, strength = assign_labels(fitted, X)
    for rows in (1, 77, 600):
        monkeypatch.setattr(segmenter, "PART_ROWS", rows)
        found = assign_labels(fitted, X)
        assert (found[0] == label).all()
        assert (found[1] == strength).all()
