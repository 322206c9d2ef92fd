"""What the service says is what the batch wrote, bit for bit, from stored features and from a history it is sent."""

from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.score import SCORES
from pipelines.serve import ask
from pipelines.workspace import Workspace


@pytest.fixture(scope="module")
def scores(shop: Workspace) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(shop.require("scores") / SCORES).to_pylist()
    return {row["customer_id"]: row for row in rows}


def flat(answer: dict[str, Any]) -> dict[str, Any]:
    """An HTTP answer in the columns of the batch."""
    columns = {f"segment_{key}": value for key, value in answer.get("segment", {}).items()}
    for task in ("churn", "next_purchase"):
        if task in answer:
            columns |= {
                f"{task}_probability": answer[task]["probability"],
                f"{task}_reason": answer[task].get("reason"),
            }
    return columns


def test_http_answers_equal_batch_scores_exactly_for_a_thousand_customers(address: str, scores) -> None:
    ids = list(scores)[:1000]
    assert len(ids) == 1000
    answers = ask(address, "/predict", {"customer_ids": ids})["answers"]
    assert [answer["customer_id"] for answer in answers] == ids
    compared = 0
    for answer in answers:
        for column, value in flat(answer).items():
            assert value == scores[answer["customer_id"]][column], (answer["customer_id"], column)
            compared += 1
    assert compared >= 6000


def test_a_history_in_the_request_gets_the_answer_of_the_stored_customer(shop: Workspace, address: str, scores) -> None:
    ids = list(scores)[:200:4]
    orders = pl.read_parquet(shop.require("canonical") / "orders.parquet").filter(pl.col("customer_id").is_in(ids))
    customers = [{"customer_id": name, "orders": history(orders, name)} for name in ids]
    stored = ask(address, "/predict", {"customer_ids": ids})
    live = ask(address, "/predict_history", {"customers": customers, "as_of": stored["as_of"]})
    assert live["answers"] == stored["answers"]


def history(orders: pl.DataFrame, customer: str) -> list[dict[str, Any]]:
    """A customer's own order lines as an application would send them."""
    own = orders.filter(pl.col("customer_id") == customer)
    columns = ["order_id", "at", "product_id", "quantity", "unit_price", "discount", "kind"]
    return own.select(columns).with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).to_dicts()
