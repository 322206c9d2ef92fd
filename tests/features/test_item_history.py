"""Item histories: what was bought before a date, order by order; and what was bought after it."""

import json
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from features.engines import Tables, from_frames
from features.item_history import item_histories
from features.windows import to_days
from models.tasks._products import next_items

AS_OF = datetime(2024, 6, 1)
DAYS = to_days(AS_OF)
TICK = timedelta(microseconds=1)


def line(at: datetime, product: str | None = "p", order: str = "o", customer: str = "c", **more: Any) -> dict[str, Any]:
    plain = {"order_id": order, "customer_id": customer, "at": at, "product_id": product, "kind": "sale"}
    return {**plain, "quantity": 1.0, "unit_price": 1.0, "known_at": None, "replaced_at": None, **more}


def shop(*lines: dict[str, Any], views: tuple[tuple[datetime, str], ...] = ()) -> Tables:
    frames = {"orders": pl.DataFrame(list(lines), infer_schema_length=None)}
    if views:
        seen = [{"customer_id": "c", "at": at, "kind": "product_view", "product_id": product} for at, product in views]
        frames["events"] = pl.DataFrame(seen)
    return from_frames(frames)


def history_of(found: Tables, customer: str = "c") -> Any:
    texts = dict(item_histories(found, DAYS).iter_rows())
    return json.loads(texts[customer]) if customer in texts else None


def test_orders_are_newest_first_and_have_each_product_once() -> None:
    found = history_of(
        shop(
            line(AS_OF - timedelta(days=9), "b", "first"),
            line(AS_OF - timedelta(days=2, hours=1), "b", "second"),
            line(AS_OF - timedelta(days=2), "a", "second"),
            line(AS_OF - timedelta(days=2), "b", "second"),
        )
    )
    assert found["orders"] == [{"days_ago": 2, "products": ["a", "b"]}, {"days_ago": 9, "products": ["b"]}]


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"at": AS_OF - TICK}, True),
        ({"at": AS_OF}, False),
        ({"at": AS_OF - TICK, "known_at": AS_OF}, False),
        ({"at": AS_OF - TICK, "replaced_at": AS_OF - TICK}, False),
        ({"at": AS_OF - TICK, "replaced_at": AS_OF}, True),
        ({"at": AS_OF - TICK, "kind": "return"}, False),
        ({"at": AS_OF - TICK, "product_id": None}, False),
    ],
)
def test_what_was_not_known_before_the_date_is_not_in_the_history(more: dict[str, Any], counts: bool) -> None:
    found = history_of(shop(line(AS_OF - timedelta(days=5), "old", "o1"), line(AS_OF, "new", "o2") | more))
    assert ([order["products"] for order in found["orders"]] == [["new"], ["old"]]) is counts


def test_a_product_looked_at_counts_once_and_at_the_last_time() -> None:
    views = ((AS_OF - timedelta(days=3), "a"), (AS_OF - timedelta(days=1), "a"), (AS_OF, "b"))
    found = history_of(shop(line(AS_OF - timedelta(days=5)), views=views))
    assert found["views"] == [{"days_ago": 1, "product": "a"}]


def test_customers_asked_for_get_the_text_they_get_among_all() -> None:
    lines = [line(AS_OF - timedelta(days=n + 1), f"p{n % 3}", f"o{n}", f"c{n % 4}") for n in range(20)]
    everybody = item_histories(shop(*lines), DAYS)
    whose = nw.from_native(pl.LazyFrame({"customer_id": ["c1", "c3"]}))
    some = item_histories(shop(*lines[::-1]), DAYS, whose)
    assert some.equals(everybody.filter(pl.col("customer_id").is_in(["c1", "c3"])))


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (AS_OF - TICK, False),
        (AS_OF, True),
        (AS_OF + timedelta(days=30) - TICK, True),
        (AS_OF + timedelta(days=30), False),
    ],
)
def test_what_is_bought_next_is_within_the_horizon(at: datetime, counts: bool) -> None:
    found = next_items(shop(line(at)), DAYS, 30.0, "horizon")
    assert found["customer_id"].to_list() == (["c"] if counts else [])


def test_the_next_order_is_the_first_of_the_horizon_alone() -> None:
    day = timedelta(days=1)
    bought = shop(line(AS_OF + 2 * day, "b", "o2"), line(AS_OF + day, "a", "o1"), line(AS_OF + day, "c", "o1"))
    assert next_items(bought, DAYS, 30.0, "next_order").row(0) == ("c", '{"items":["a","c"]}', 2.0)
    assert next_items(bought, DAYS, 30.0, "horizon").row(0) == ("c", '{"items":["a","b","c"]}', 3.0)
