"""Lists of products over HTTP: the stored answer of a customer is the one their own history gets."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from features.engines import to_pandas
from features.item_history import COLUMN, item_histories
from features.snapshot import snapshot
from models.artifact import save
from models.ranking.answer import Answer
from models.ranking.recommender import fit_recommender
from serving.bundle import Bundle, load_bundle
from serving.every_answer import SCORES
from serving.history import answer_history, warm_up
from serving.lookup import Lookups, load_lookups
from serving.manifest import ANSWERS
from serving.publication import write_bundle
from serving.requests.answers import Answers
from tests.models.ranking.shop import CUTOFFS, PRODUCTS, frame, orders, sample, tables

AS_OF = CUTOFFS[-1]
Published = tuple[Path, Bundle, Lookups]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A bundle with a ranker alone, its answers computed in three parts."""
    folder, lines = tmp_path_factory.mktemp("rankings"), orders()
    model = fit_recommender("ranker", sample(frame(lines)).fitting(AS_OF), {}, seed=7, length=10)
    save(folder / "model", model, {"training_window": {}, "scores": {}, "who": "buyers"})
    known = tables(lines)
    rows = to_pandas(snapshot(known, AS_OF)).merge(
        item_histories(known, AS_OF).to_pandas(), how="left", on="customer_id"
    )
    parts = [rows.iloc[:40], rows.iloc[40:41], rows.iloc[41:]]
    models, versions = {"next_product": folder / "model"}, {"next_product": {"version": "1"}}
    version = write_bundle(folder / "draft", models, versions, parts, AS_OF, PRODUCTS)
    place = (folder / "draft").rename(folder / version)
    return place, load_bundle(place), load_lookups(place, version)


def rows_of(customer: str) -> list[dict[str, Any]]:
    mine = (
        orders().filter(pl.col("customer_id") == customer, pl.col("at") < pl.datetime(2024, 8, 1)).drop("customer_id")
    )
    return [{**row, "at": row["at"].isoformat()} for row in mine.iter_rows(named=True)]


def asked_live(bundle: Bundle, *customers: str) -> dict[str, Any]:
    body = {"customers": [{"customer_id": name, "orders": rows_of(name)} for name in customers]}
    found = answer_history(bundle, json.dumps(body).encode())
    assert found.status == 200, found.body
    return json.loads(found.body)


def test_a_history_gets_the_stored_answer_of_its_customer(published: Published) -> None:
    _, bundle, lookups = published
    names = sorted(
        orders().filter(pl.col("at") < pl.datetime(2024, 8, 1), pl.col("kind") == "sale")["customer_id"].unique()
    )
    stored = {each["customer_id"]: each for each in json.loads(lookups.reply(names).body)["answers"]}
    together = {each["customer_id"]: each for each in asked_live(bundle, *names[:30])["answers"]}
    for name in names[:30]:
        assert together[name] == stored[name]
    for name in names[:2]:
        assert asked_live(bundle, name)["answers"] == [stored[name]]


def test_an_answer_has_the_shape_that_is_documented(published: Published) -> None:
    _, _, lookups = published
    body = json.loads(lookups.reply(["c001"]).body)
    Answers.model_validate(body)
    found = Answer.model_validate(body["answers"][0]["next_product"])
    assert len(found.items) == 10
    assert {item.kind for item in found.items} == {"repeat", "new"}
    of = dict(PRODUCTS.select("product_id", "category").iter_rows())
    assert all(item.category == of[item.product_id] for item in found.items)
    assert [each.share for each in found.categories] == sorted((each.share for each in found.categories), reverse=True)


def test_the_score_file_has_the_list_that_is_served(published: Published) -> None:
    folder, _, lookups = published
    scores = pd.read_parquet(folder / ANSWERS / SCORES).set_index("customer_id")
    for name in scores.index[:20]:
        (answer,) = json.loads(lookups.reply([name]).body)["answers"]
        for n, item in enumerate(answer["next_product"]["items"], start=1):
            row = scores.loc[name]
            assert row[f"next_product_product_{n}"] == item["product_id"]
            assert row[f"next_product_score_{n}"] == item["score"]
            assert row[f"next_product_why_{n}"] == item["why"]


def test_what_was_looked_at_is_a_reason_when_it_comes_with_the_request(published: Published) -> None:
    _, bundle, _ = published
    warm_up(bundle)
    assert COLUMN in bundle.models["next_product"].manifest["features"]
    assert asked_live(bundle, "c001").get("left_out") is None  # the bundle was made without events


def test_nothing_of_the_future_counts(published: Published) -> None:
    _, bundle, _ = published
    later = [
        {**row, "order_id": "later", "at": "2024-08-02T00:00:00", "product_id": "p39"} for row in rows_of("c001")[:1]
    ]
    body = {"customers": [{"customer_id": "c001", "orders": rows_of("c001") + later}], "as_of": "2024-08-01T00:00:00"}
    found = json.loads(answer_history(bundle, json.dumps(body).encode()).body)
    assert found["answers"] == asked_live(bundle, "c001")["answers"]


def test_a_new_product_of_the_customer_changes_their_list(published: Published) -> None:
    _, bundle, _ = published
    (before,) = asked_live(bundle, "c001")["answers"]
    assert "p03" not in {item["product_id"] for item in before["next_product"]["items"]}
    more = [
        {
            "order_id": f"n{n}",
            "at": f"2024-07-{n:02d}T10:00:00",
            "quantity": 1.0,
            "unit_price": 1.0,
            "product_id": "p03",
        }
        for n in (4, 9, 14, 19, 24, 29)
    ]
    body = {"customers": [{"customer_id": "c001", "orders": rows_of("c001") + more}]}
    items = json.loads(answer_history(bundle, json.dumps(body).encode()).body)["answers"][0]["next_product"]["items"]
    assert "p03" in {item["product_id"] for item in items}
