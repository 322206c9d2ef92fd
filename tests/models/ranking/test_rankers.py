"""Rankers against what they mean, written another way."""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

from features.errors import BadInput
from models.ranking.affinity import affinities
from models.ranking.histories import decode
from models.ranking.learners import tifu_knn
from models.ranking.recommender import Recommender, fit_recommender, recommend
from models.ranking.sample import RankSample
from models.ranking.why import pasts, why
from tests.models.ranking.shop import CUTOFFS, frame, orders, sample


@cache
def known() -> RankSample:
    return sample(frame(orders()))


@cache
def recommender(name: str) -> Recommender:
    return fit_recommender(name, known().fitting(CUTOFFS[-1]), {}, seed=7, length=10)


def test_personal_frequency_is_counting_and_then_what_everybody_buys() -> None:
    model, lines, as_of = recommender("personal_frequency"), orders(), CUTOFFS[-1]
    past = lines.filter((pl.col("at") < pl.datetime(2024, 8, 1)) & (pl.col("kind") == "sale")).drop_nulls("product_id")
    past = past.to_pandas()
    since = past[past["at"] >= "2024-06-02"].groupby("product_id")["customer_id"].nunique()
    ever = past.groupby("product_id")["customer_id"].nunique()
    popular = sorted(ever.index, key=lambda p: (-since.get(p, 0), -ever[p], p))
    rows = frame(lines)
    rows = rows[rows["as_of"] == as_of].reset_index(drop=True)
    lists = recommend(model, decode(rows["item_history"], model.items.place)).item
    for row, customer in enumerate(rows["customer_id"]):
        own = past[past["customer_id"] == customer].sort_values(["at", "order_id"])
        newest = list(dict.fromkeys(reversed(own["order_id"].tolist())))
        count = own.groupby("product_id")["order_id"].nunique()
        latest = own.groupby("product_id")["order_id"].agg(lambda ids, newest=newest: min(newest.index(i) for i in ids))
        bought = sorted(count.index, key=lambda p: (-count[p], latest[p], popular.index(p)))
        wanted = [*bought, *(p for p in popular if p not in bought)][:20]
        assert [model.items.ids[item] for item in lists[row]] == wanted


def test_tifu_vectors_of_three_orders_in_groups_of_two() -> None:
    text = {
        "orders": [
            {"days_ago": 1, "products": ["a", "b"]},
            {"days_ago": 5, "products": ["a"]},
            {"days_ago": 9, "products": ["c"]},
        ],
        "views": [],
    }
    histories = decode([json.dumps(text)], {"a": 0, "b": 1, "c": 2})
    found = tifu_knn.vectors(histories, group=2, within=0.5, between=0.1).toarray()[0]
    # The newer group: a in both orders (1 + .5) / 2, b in the newer one 1 / 2. The older group: c alone, faded to .1.
    # The customer is the mean over both groups.
    assert found == pytest.approx([0.75 / 2, 0.5 / 2, 0.1 / 2])


def test_tifu_mixes_in_the_nearest_customer() -> None:
    def bought(*products: str) -> str:
        return json.dumps({"orders": [{"days_ago": 1, "products": list(products)}], "views": []})

    histories = decode([bought("a", "b"), bought("c")], {"a": 0, "b": 1, "c": 2})
    model = tifu_knn.Model(tifu_knn.vectors(histories, 5, 1.0, 1.0), 5, 1.0, 1.0, neighbours=1, own=0.75)
    found = tifu_knn.scores(model, decode([bought("a")], {"a": 0, "b": 1, "c": 2})).toarray()[0]
    # [1, 0, 0] is as far from [1, 1, 0] (1) as two of [0, 0, 1] (2): the first is nearer.
    assert found == pytest.approx([1.0, 0.25, 0.0])


@pytest.mark.parametrize("name", ["item_item", "tifu_knn", "ranker"])
def test_tastes_are_found(name: str) -> None:
    model = recommender(name)
    text = {"orders": [{"days_ago": 3, "products": ["p01", "p02"]}, {"days_ago": 9, "products": ["p01"]}], "views": []}
    first = recommend(model, decode([json.dumps(text)], model.items.place), 10).item[0]
    kinds = [int(model.items.ids[item][1:]) < 20 for item in first]
    assert sum(kinds) >= 9


def test_reasons_are_counted() -> None:
    model = recommender("popularity")
    text = {
        "orders": [
            {"days_ago": 2, "products": ["p01"]},
            {"days_ago": 22, "products": ["p01", "p02"]},
            {"days_ago": 42, "products": ["p01"]},
        ],
        "views": [{"days_ago": 1, "product": "p03"}],
    }
    (past,) = pasts(decode([json.dumps(text)], model.items.place))
    found = {product: why(place, past, model.items, model.partners) for product, place in model.items.place.items()}
    assert found["p01"] == ("repeat", "bought 3 times, usually every 20 days")
    assert found["p02"] == ("repeat", "bought once, 22 days ago")
    assert found["p03"] == ("new", "looked at yesterday")
    said = {
        reason for product, (kind, reason) in found.items() if product not in ("p01", "p02", "p03") and kind == "new"
    }
    assert "often bought together with Product 3, which was looked at yesterday" in said
    assert "often bought together with Product 1" in said
    assert "bought by customers with similar orders" in said


def test_partners_stand_in_the_same_orders_often() -> None:
    model, lines = (
        recommender("popularity"),
        orders().filter(pl.col("kind") == "sale").drop_nulls("product_id").to_pandas(),
    )
    lines = lines[lines["at"] < "2024-08-01"]
    having = lines.groupby("product_id")["order_id"].agg(set)
    for place, product in enumerate(model.items.ids):
        row = model.partners[place].tocoo()
        assert len(row.col) <= 20
        for other, value in zip(row.col, row.data, strict=True):
            both = len(having[product] & having[model.items.ids[other]])
            size = len(having[product]) * len(having[model.items.ids[other]])
            assert both >= 5
            assert value == pytest.approx(both / (size**0.5 + 1.0))


def test_shares_of_categories_are_of_what_was_bought_and_fade() -> None:
    model = recommender("popularity")
    text = {"orders": [{"days_ago": 0, "products": ["p00", "p07"]}, {"days_ago": 90, "products": ["p01"]}], "views": []}
    own = affinities(decode([json.dumps(text), None], model.items.place), model.items)
    # p07 has no category; p01 was bought a half-life ago.
    assert own.category[0, :2].tolist() == ["k0", "k1"]
    assert own.share[0, :2] == pytest.approx([2 / 3, 1 / 3])
    assert own.category[1].tolist() == [None] * 5
    assert np.isnan(own.share[1]).all()


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"orders": []}', '{"orders": 3, "views": []}'])
def test_a_text_that_is_no_history_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="item_history has a text that is not orders and views"):
        decode([text], {"a": 0})
