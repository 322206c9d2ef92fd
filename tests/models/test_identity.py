"""Laws of a segment's identity: the same group keeps its id and name, a new one gets a number nobody ever had."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from features.errors import BadArtifact
from models.segments import identity, lasting_names, segmenter
from models.segments.catalogue import Segment
from models.segments.clusterers import Labels
from models.segments.identity import Before, Event, entered, jaccards, kept_ids, new_ids
from models.segments.names import Typical, core_name
from models.segments.segmenter import Segmenter, before_refit, described, fit_segmenter
from tests.models.test_segmenter import FEATURES, LAPSED, NEW, STEADY, WHOLESALER, shop

KINDS = (WHOLESALER, LAPSED, STEADY, NEW, (150, 500, 9, 40))


def segment(id_: str, label: int, name: str = "") -> Segment:
    return Segment(id_, label, name or f"Group {id_}", "", 1, 0.1, None, {})


def before(label: list[int], *ids: str, ledger: tuple[Event, ...] = ()) -> Before:
    """Segments with these ids and the labels 0, 1, ...; ``label`` are those of the customers."""
    return Before(tuple(segment(id_, value) for value, id_ in enumerate(ids)), ledger, np.array(label))


def refit(old: Segmenter, X: pd.DataFrame, k: int, seed: int = 0) -> Segmenter:
    """k-means made anew on these customers, after ``old``."""
    fitted = segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": k}, seed)
    return described(fitted, X, "", before_refit(old, X, "kmeans"), "2026-02-01")


def test_jaccards_are_those_counted_by_hand() -> None:
    one, other = np.array([0, 0, 0, 1, 1, -1]), np.array([5, 5, 6, 6, 6, 6])
    assert jaccards(one, other, [0, 1, 9], [5, 6]).tolist() == [[2 / 3, 1 / 6], [0.0, 2 / 4], [0.0, 0.0]]


@pytest.mark.parametrize("seed", range(5))
def test_as_many_jaccards_are_kept_as_by_the_best_of_all_assignments(seed: int) -> None:
    random = np.random.default_rng(seed)
    old = random.integers(0, 5, 400)
    new = np.where(random.random(400) < 0.7, (old + 2) % 5, random.integers(0, 5, 400))
    found = jaccards(old, new, range(5), range(5))
    best = max(sum(found[i, j] for i, j in enumerate(order)) for order in permutations(range(5)))
    kept = kept_ids(before(old.tolist(), "a", "b", "c", "d", "e"), new, range(5))
    assert sum(found["abcde".index(id_), value] for value, id_ in kept.items()) == pytest.approx(best)


def test_customers_drawn_again_keep_their_segments_ids_and_names() -> None:
    X, _ = shop(*KINDS)
    first = fit_segmenter(X, FEATURES, "kmeans", {"k": 5}, seed=0)
    ids = pd.Series(segmenter.assign(first, X)["segment_id"])
    for seed in range(5):
        some = X.iloc[np.random.default_rng(seed).choice(len(X), len(X) - 30, replace=False)]
        again = refit(first, some.reset_index(drop=True), k=5, seed=seed + 1)
        assert (segmenter.assign(again, X)["segment_id"] == ids).mean() > 0.98
        assert {each.id: each.name for each in again.catalogue} == {each.id: each.name for each in first.catalogue}
        assert again.ledger == first.ledger


def test_a_segment_that_falls_apart_leaves_its_id_to_the_larger_part_and_is_the_others_parent() -> None:
    X, truth = shop(WHOLESALER, WHOLESALER, LAPSED)
    X.loc[truth == 1, "purchase_order_value_mean"] *= 4
    X = X.iloc[: len(X) - 60].reset_index(drop=True)
    first = fit_segmenter(X, FEATURES, "kmeans", {"k": 2}, seed=0)
    parent = first.catalogue[0].id
    again = refit(first, X, k=3)
    new = next(each for each in again.catalogue if each.id not in {"s1", "s2"})
    assert new.id == "s3"
    assert again.ledger[len(first.ledger) :] == (
        Event("2026-02-01", "split", "s3", new.name, (parent,), 1.0),
        *(event for event in again.ledger if event.kind == "renamed"),
    )


def test_segments_that_become_one_are_merged_and_their_number_is_never_given_again() -> None:
    X, _ = shop(*KINDS)
    five = fit_segmenter(X, FEATURES, "kmeans", {"k": 5}, seed=0)
    three = refit(five, X, k=3)
    lost = {each.id for each in five.catalogue} - {each.id for each in three.catalogue}
    gone = [event for event in three.ledger if event.kind in ("merged", "died")]
    assert {event.id for event in gone} == lost
    assert all(set(event.others) <= {each.id for each in three.catalogue} for event in gone if event.kind == "merged")
    four = refit(three, X, k=4)
    assert {each.id for each in four.catalogue} - {each.id for each in three.catalogue} == {"s6"}


def test_a_new_kind_of_customer_is_born_of_nobody() -> None:
    old = before([0] * 50 + [1] * 50, "s1", "s2")
    label: Labels = np.array([0] * 50 + [1] * 50)
    now = (segment("s1", 0), segment("s2", 1), segment("s3", 2))
    assert entered(old, now, label, "d")[-1] == Event("d", "born", "s3", "Group s3")


def test_whoever_is_scattered_has_died() -> None:
    label: Labels = np.array([0, 1, 2] * 20 + [0] * 40 + [1] * 40 + [2] * 40)
    old = before([3] * 60 + [0] * 40 + [1] * 40 + [2] * 40, "s1", "s2", "s3", "s4")
    now = tuple(segment(f"s{value + 1}", value) for value in range(3))
    (died,) = entered(old, now, label, "d")
    assert (died.kind, died.id, set(died.others)) == ("died", "s4", {"s1", "s2", "s3"})


def test_rules_keep_their_ids_even_where_nobody_is_in_a_group() -> None:
    X, _ = shop(WHOLESALER, LAPSED, STEADY, NEW)
    first = fit_segmenter(X, FEATURES, "rfm", {}, seed=0)
    fitted = segmenter.fit_clusters(segmenter.prepare(X[:200], FEATURES), "rfm", {}, 0)
    again = described(fitted, X[:200], "", before_refit(first, X[:200], "rfm"), "later")
    assert {each.label: each.id for each in again.catalogue} == {each.label: each.id for each in first.catalogue}


def test_a_model_that_cannot_read_the_customers_gives_no_id_away() -> None:
    X, _ = shop(*KINDS)
    first = fit_segmenter(X, FEATURES, "kmeans", {"k": 5}, seed=0)
    fitted = segmenter.fit_clusters(segmenter.prepare(X, FEATURES[:2]), "kmeans", {"k": 3}, 0)
    again = described(fitted, X, "", before_refit(first, None, "kmeans"), "later")
    assert sorted(each.id for each in again.catalogue) == ["s6", "s7", "s8"]


def test_numbers_go_on_where_the_ledger_ends() -> None:
    ledger = (Event("d", "died", "s9", "Gone"),)
    assert new_ids(before([], "s1", "s2", ledger=ledger), {4: "s2"}, [7, 4, -1]) == {7: "s10", 4: "s2", -1: "s0"}


def test_a_name_stays_while_it_is_true_and_goes_when_it_is_not() -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    names = {
        0: "Frequent big spenders",
        1: "Lapsed small-order one-time buyers",
        2: "Repeat buyers",
        3: "New one-time buyers",
    }
    assert lasting_names.lasting_names(X, truth, names) == names
    # Lapsed or not is a matter of a standing of 0.7: a little less is still true, and much less is not.
    found = Typical(
        {name: 0.66 if name == "purchase_recency_days" else 0.5 for name in lasting_names.AXES}, 1.0, 300.0, np.nan
    )
    assert core_name(found) == "one-time buyers"
    assert "Lapsed one-time buyers" in lasting_names.possible_cores(found)
    assert "Lapsed one-time buyers" not in lasting_names.possible_cores(
        replace(found, standings=dict.fromkeys(found.standings, 0.5))
    )
    wrong = {**names, 2: "Lapsed repeat buyers"}
    assert lasting_names.lasting_names(X, truth, wrong)[2] == "Repeat buyers"


def test_a_trait_or_a_contrast_that_has_gone_ends_the_name() -> None:
    X, truth = shop(WHOLESALER, LAPSED, STEADY, NEW)
    assert lasting_names.still_true(X, truth, 2, {2: "Repeat buyers, group 2"})
    assert not lasting_names.still_true(X, truth, 2, {2: "Repeat buyers, whatever that is"})
    assert not lasting_names.still_true(X, truth, 2, {2: "Repeat buyers who whistle"})
    X["basket_return_share"] = np.where(truth == 2, 0.3, 0.0)
    called = {2: "Repeat buyers who send much back"}
    assert lasting_names.still_true(X, truth, 2, called)
    assert not lasting_names.still_true(X.assign(basket_return_share=0.0), truth, 2, called)
    two = {0: "Occasional buyers, smaller orders", 1: "Occasional buyers, larger orders"}
    X, truth = shop(STEADY, (60, 400, 5, 110), WHOLESALER, LAPSED)
    assert all(lasting_names.still_true(X, truth, value, two) for value in two)
    assert not lasting_names.still_true(X, truth, 0, {0: two[1], 1: two[0]})


def test_a_new_segment_is_not_called_as_one_that_keeps_its_name() -> None:
    X, truth = shop(STEADY, (60, 400, 5, 110), WHOLESALER, LAPSED)
    found = lasting_names.lasting_names(X, truth, {0: "Occasional buyers"})
    assert found[0] == "Occasional buyers"
    assert len(set(found.values())) == 4


def test_a_ledger_is_stored_with_the_model_and_an_older_artifact_has_none() -> None:
    X, _ = shop(WHOLESALER, NEW)
    first = fit_segmenter(X, FEATURES, "kmeans", {"k": 2}, seed=0)
    assert segmenter.load(segmenter.dump(first)).ledger == first.ledger
    assert [event.kind for event in first.ledger] == ["born", "born"]
    files = segmenter.dump(first)
    older = {
        **files,
        "segmenter.json": files["segmenter.json"].replace(b'"ledger"', b'"other"').replace(b'"soundness"', b'"x"'),
    }
    assert segmenter.load(older).ledger == ()
    with pytest.raises(BadArtifact, match="the ledger of segments has an invalid entry"):
        identity.from_json([{"id": "s1"}])
