"""Scores of lists against slow, obvious ones; lists against sorting by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from models.ranking.cosines import cosines
from models.ranking.lists import best
from models.ranking.scores import Listed, Outcome, loss, scores

ITEMS = 12
some = st.sets(st.integers(0, ITEMS - 1), max_size=5)
customers = st.lists(
    st.tuples(some.filter(bool), some, st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=ITEMS)),
    min_size=1,
    max_size=5,
)


def matrix(sets: list[set[int]]) -> csr_matrix:
    found = np.zeros((len(sets), ITEMS))
    for row, items in enumerate(sets):
        found[row, list(items)] = 1.0
    return csr_matrix(found)


def by_hand(bought: set[int], listed: list[int], k: int) -> dict[str, float]:
    hits = [place for place, item in enumerate(listed[:k]) if item in bought]
    ideal = sum(1 / math.log2(place + 2) for place in range(min(k, len(bought))))
    found = sum(1 / math.log2(place + 2) for place in hits)
    return {"recall": len(hits) / len(bought), "ndcg": found / ideal, "phr": float(bool(hits))}


@given(customers)
def test_scores_are_those_made_by_hand(who: list[tuple[set[int], set[int], list[int]]]) -> None:
    item = np.full((len(who), 20), -1, np.int32)
    for row, (_, _, listed) in enumerate(who):
        item[row, : len(listed)] = listed
    outcome = Outcome(matrix([bought for bought, _, _ in who]), matrix([owned for _, owned, _ in who]))
    found = scores(outcome, Listed(item, ITEMS))
    for k in (5, 10, 20):
        each = [by_hand(bought, listed, k) for bought, _, listed in who]
        for name in ("recall", "ndcg", "phr"):
            assert found[f"{name}_{k}"] == pytest.approx(np.mean([one[name] for one in each]))
    assert loss(outcome, Listed(item, ITEMS)) == pytest.approx(
        [1 - by_hand(b, listed, 10)["ndcg"] for b, _, listed in who]
    )
    for name, part in (("repeat", set.intersection), ("new", set.difference)):
        asked = [(part(b, owned), listed) for b, owned, listed in who if part(b, owned)]
        wanted = np.mean([by_hand(b, listed, 10)["recall"] for b, listed in asked]) if asked else math.nan
        assert found[f"{name}_recall_10"] == pytest.approx(wanted, nan_ok=True)
    assert found["coverage_10"] == len({i for _, _, listed in who for i in listed[:10]}) / ITEMS


def test_lists_are_filled_up_with_what_is_popular_and_not_on_them() -> None:
    value = csr_matrix(np.array([[0.0, 2.0, 0.0, 2.0, 0.5], [0.0, 0.0, 0.0, 0.0, 0.0]]))
    rank = np.array([4, 3, 0, 2, 1], np.int32)  # product 2 is the most popular, then 4, 3, 1, 0
    found = best(value, rank, 4)
    assert found.item.tolist() == [[3, 1, 4, 2], [2, 4, 3, 1]]
    assert found.score.tolist() == [[2.0, 2.0, 0.5, 0.0], [0.0] * 4]
    assert best(value, rank, 7).item.tolist() == [[3, 1, 4, 2, 0, -1, -1], [2, 4, 3, 1, 0, -1, -1]]


@given(st.integers(0, 1000))
def test_long_rows_of_scores_are_cut_as_sorting_would(seed: int) -> None:
    random = np.random.default_rng(seed)
    value = random.integers(0, 4, (3, 30)).astype(float)
    rank = random.permutation(30).astype(np.int32)
    found = best(csr_matrix(value), rank, 6)
    for row in range(3):
        order = sorted(range(30), key=lambda item: (-value[row, item], rank[item]))
        assert found.item[row].tolist() == order[:6]


def test_cosines_are_those_of_all_pairs() -> None:
    having = (np.random.default_rng(3).random((60, 9)) < 0.3).astype(float)
    both = having.T @ having
    wanted = np.where(
        (both >= 3) & ~np.eye(9, dtype=bool), both / (np.sqrt(np.outer(both.diagonal(), both.diagonal())) + 2.0), 0
    )
    found = cosines(csr_matrix(having), shrink=2.0, most=4, fewest=3).toarray()
    for row in range(9):
        order = sorted(range(9), key=lambda item: (-wanted[row, item], item))
        kept = {item for item in order[:4] if wanted[row, item] > 0}
        assert set(np.flatnonzero(found[row])) == kept
        assert found[row, sorted(kept)] == pytest.approx(wanted[row, sorted(kept)])
