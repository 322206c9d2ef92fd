"""Cards: every figure is what plain SQL makes of the same customers, and nothing is said of a few people."""

import json
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from experiments.cards import Customers, cards
from experiments.plots.segments_page import segments_page
from models.segments import segmenter
from models.segments.segmenter import Segmenter, described
from models.segments.soundness import Soundness
from models.segments.use import Period

FEATURES = ["purchase_recency_days", "purchase_days_n"]


def customers(n: int = 900, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Three kinds of customers in all the columns that cards are made of, and which kind each is."""
    random = np.random.default_rng(seed)
    kind = np.arange(n) % 3
    orders = np.array([2, 12, 40])[kind] + random.poisson(2, n)
    X = pd.DataFrame(
        {
            "purchase_recency_days": np.array([250.0, 40.0, 5.0])[kind] * random.lognormal(0, 0.1, n),
            "purchase_days_n": orders * 1.0,
            "purchase_orders_n": orders * 1.0,
            "purchase_spend": orders * random.lognormal(3, 0.3, n),
            "purchase_spend_365d": orders * random.lognormal(2.5, 0.3, n),
            "purchase_spend_90d": orders * random.lognormal(1, 0.3, n) * (kind > 0),
            "purchase_orders_365d_n": orders / 2.0,
            "purchase_orders_180d_n": orders * (kind > 0) * 1.0,
            "purchase_tenure_days": random.uniform(10, 700, n),
            "profile_country=france": (random.random(n) < np.array([0.1, 0.1, 0.6])[kind]) * 1.0,
            "profile_age_years": random.uniform(20, 80, n) + 30 * (kind == 2),
        }
    )
    return X, kind


def fitted(X: pd.DataFrame, k: int = 3) -> Segmenter:
    return described(segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": k}, 0), X)


def made(X: pd.DataFrame, model: Segmenter, period: Period | None = None) -> tuple[dict[str, Any], ...]:
    label, _ = segmenter.assign_labels(model, X)
    return cards(model, Customers(X, label, np.arange(len(X)), period, "EUR", 0))


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, Segmenter]:
    X, _ = customers()
    return X, fitted(X)


def test_economics_are_what_plain_sql_makes_of_the_customers(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    people = X.assign(segment=segmenter.assign(model, X)["segment_id"])
    asked = """
        SELECT segment, count(*) AS customers, sum(purchase_spend) AS spend,
               sum(purchase_spend) / (SELECT sum(purchase_spend) FROM people) AS spend_share,
               avg(purchase_spend) AS spend_per_customer, avg(purchase_spend_365d) AS spend_365d_per_customer,
               sum(purchase_spend) / sum(purchase_orders_n) AS order_value,
               avg(purchase_orders_365d_n) AS orders_365d_per_customer,
               count(*) FILTER (purchase_tenure_days <= 90) / count(*) AS new_share,
               count(*) FILTER (purchase_orders_180d_n = 0) / count(*) AS silent_share,
               sum(purchase_spend_90d) * 365 / 90 / sum(purchase_spend_365d) AS pace
        FROM people GROUP BY segment"""
    by_sql = duckdb.sql(asked).df().set_index("segment").to_dict("index")
    assert people.shape[0] == 900
    for card in made(X, model):
        assert card["economics"].pop("margin_365d_per_customer") is None, "no cost is known"
        assert card["economics"] == pytest.approx(by_sql[card["id"]])


def test_what_comes_next_is_told_by_those_who_were_there_a_period_ago(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    spent, again = np.arange(len(X)) * 1.0, (np.arange(len(X)) % 5 == 0) * 1.0
    end = X.assign(purchase_spend=X["purchase_spend"] + spent, purchase_orders_n=X["purchase_orders_n"] + again)
    inside = segmenter.assign(model, X)["segment_id"]
    for card in made(X, model, Period(X, end, 90.0)):
        found, mine = card["next_period"], (inside == card["id"]).to_numpy()
        assert found["customers"] == mine.sum()
        assert found["spend"]["mean"] == pytest.approx(spent[mine].mean())
        assert found["spend"]["low"] < found["spend"]["mean"] < found["spend"]["high"]
        assert found["bought_share"]["mean"] == pytest.approx(again[mine].mean())


def test_levels_that_a_segment_has_more_often_have_their_lift(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    inside = segmenter.assign(model, X)["segment_id"]
    found = {card["id"]: card["places"] for card in made(X, model)}
    shares = X["profile_country=france"].groupby(inside.to_numpy()).mean()
    (french,) = found[shares.idxmax()]
    assert french["lift"] == pytest.approx(shares.max() / X["profile_country=france"].mean())
    assert french["words"].startswith("country france: ")
    assert found[shares.idxmin()] == []


def test_moves_are_what_plain_sql_counts_and_a_few_people_are_not_told_by_segment(
    shop: tuple[pd.DataFrame, Segmenter],
) -> None:
    X, model = shop
    end = X.copy()
    end.loc[:39, FEATURES] = X.loc[[2] * 40, FEATURES].to_numpy()  # some become frequent buyers
    period = Period(X, end, 90.0)
    moved = pd.DataFrame(
        {"one": segmenter.assign(model, X)["segment_id"], "other": segmenter.assign(model, end)["segment_id"]}
    )
    assert len(moved) == 900
    counts = duckdb.sql("SELECT one, other, count(*) AS n FROM moved GROUP BY ALL").fetchall()
    for card in made(X, model, period):
        found = card["moves"]
        assert found["stayed"] == sum(n for one, other, n in counts if one == other == card["id"])
        for side, of in (("came", 1), ("left", 0)):
            pairs = {row[1 - of]: row[2] for row in counts if row[of] == card["id"] != row[1 - of]}
            assert sum(found[side].values()) == sum(pairs.values())
            assert {id_: n for id_, n in found[side].items() if id_ != "others"} == {
                id_: n for id_, n in pairs.items() if n >= 10
            }


def test_distances_are_those_of_all_pairs(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    Z = segmenter.preprocessings.transform(model.preprocessing, X)
    label, _ = segmenter.assign_labels(model, X)
    one, other = (Z[label == each.label] for each in model.catalogue[:2])
    apart = np.linalg.norm(one[:, None] - other[None, :], axis=2).mean() / np.sqrt(2)
    near = np.linalg.norm(one[:, None] - one[None, :], axis=2).sum() / (len(one) * (len(one) - 1)) / np.sqrt(2)
    first = made(X, model)[0]["similarity"]
    assert first["between"][model.catalogue[1].id] == pytest.approx(apart)
    assert first["within"] == pytest.approx(near)
    assert first["nearest"] == min(first["between"], key=first["between"].get)


def test_protected_attributes_are_not_told_unless_the_study_reads_them(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    assert "profile_age_years" not in json.dumps(made(X, model))
    read = described(
        segmenter.fit_clusters(segmenter.prepare(X, [*FEATURES, "profile_age_years"]), "kmeans", {"k": 3}, 0), X
    )
    assert "profile_age_years" in json.dumps(made(X, read))


def test_of_a_few_people_only_their_number_is_told() -> None:
    X, kind = customers()
    few = pd.concat([X[kind == 0], X[kind == 1], X[kind == 2][:9]], ignore_index=True)
    model = fitted(few)
    small = next(each for each in model.catalogue if each.size == 9)
    card = next(card for card in made(few, model) if card["id"] == small.id)
    assert set(card) == {"id", "similarity"}


def test_columns_that_are_not_there_leave_figures_out_and_break_nothing() -> None:
    X, _ = customers()
    X = X[FEATURES]
    card = made(X, fitted(X), Period(X, X, 90.0))[0]
    assert card["economics"]["customers"] > 0
    assert card["economics"]["spend"] is None
    assert card["next_period"] is None


def test_the_page_says_the_verdict_first_needs_nothing_from_outside_and_escapes_what_it_shows(
    shop: tuple[pd.DataFrame, Segmenter], tmp_path: Any
) -> None:
    X, model = shop
    named = replace(model.catalogue[0], name="Fish & <b>chips</b>")
    model = replace(
        model,
        catalogue=(named, *model.catalogue[1:]),
        soundness=Soundness("too coarse", "5 are better than 3"),
        cards=made(X, model, Period(X, X, 90.0)),
    )
    page = segments_page("Groups", "2026-01-31", model, "EUR", tmp_path)
    assert page.index("Too coarse") < page.index("<h2>3 segments") < page.index(named.name.replace("&", "&amp;")[:6])
    assert "Fish &amp; &lt;b&gt;chips" in page
    assert "http" not in page.replace("<!doctype html>", "")
    assert "<script" not in page
    assert all(each.id in page for each in model.catalogue)


def test_cards_are_stored_with_the_model(shop: tuple[pd.DataFrame, Segmenter]) -> None:
    X, model = shop
    model = replace(model, cards=made(X, model), soundness=Soundness("sound", "because"))
    again = segmenter.load(segmenter.dump(model))
    assert list(again.cards) == list(model.cards)
    assert again.soundness == model.soundness
