"""Families over optional columns and later tables: which moments a window takes in, to the microsecond.

A window of N days is [as_of - N days, as_of): its first moment counts, as_of itself belongs to the future.
"""

from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import pytest

from features.definition import joined
from features.engines import from_frames, to_pandas
from features.entities import about
from features.families import families
from features.past import look_back
from features.windows import to_days
from tests.features.plain import Row

AS_OF = datetime(2024, 6, 1, 12)
TICK = timedelta(microseconds=1)
SALE = {"customer_id": "a", "order_id": "o", "quantity": 2.0, "unit_price": 5.0, "kind": "sale"}
PRODUCTS = [{"product_id": "p", "unit_cost": 2.0, "season": "winter"}, {"product_id": "unpriced"}]


def of_family(family: str, **rows: list[Row]) -> "pd.Series[float]":
    """The family's columns of customer a, who bought something without a product long ago."""
    first = SALE | {"order_id": "first", "at": datetime(2020, 1, 1)}
    frames = {"customers": pl.DataFrame({"customer_id": ["a"]}), "products": pl.DataFrame(PRODUCTS)}
    frames |= {table: pl.DataFrame([{"customer_id": "a"} | row for row in each]) for table, each in rows.items()}
    frames["orders"] = pl.DataFrame([first, *rows.get("orders", [])], infer_schema_length=None)
    days = to_days(AS_OF)
    past = look_back(about(from_frames(frames), days), days)
    return to_pandas(joined([families()[family]], past, days)).set_index("customer_id").loc["a"]


WINDOWS = {
    "content_views_90d_n": ("events", {"kind": "page_view", "page": "home"}, 90, 1, 0),
    "content_favourite_share": ("events", {"kind": "page_view", "page": "home"}, 90, 1, None),
    "search_words_90d_n": ("events", {"kind": "search", "query": "mug"}, 90, 1, 0),
    "search_again_share": ("events", {"kind": "search", "query": "mug"}, 90, 0, None),
    "results_none_90d_n": ("events", {"kind": "search", "results_n": 0}, 90, 1, 0),
    "results_mean": ("events", {"kind": "search", "results_n": 4}, 90, 4, None),
    "topics_responded_n": ("touches", {"kind": "open", "channel": "email", "topic": "garden"}, 365, 1, 0),
    "outreach_cost_365d": ("touches", {"kind": "sent", "channel": "email", "cost": 0.25}, 365, 0.25, None),
    "outreach_cost_per_response": ("touches", {"kind": "click", "channel": "email", "cost": 0.25}, 365, 0.25, None),
    "points_earned_365d": ("loyalty", {"kind": "earn", "points": 7.5, "tier": None}, 365, 7.5, 0),
    "margin_365d": ("orders", SALE | {"product_id": "p", "discount": 1.0}, 365, 5.0, None),
}
"""By column: the table, a row of it, days of the window, the value with the row in the window, and without it."""


@pytest.mark.parametrize("column", WINDOWS)
def test_a_window_takes_in_its_first_moment_and_not_as_of(column: str) -> None:
    table, row, days, inside, outside = WINDOWS[column]
    first = AS_OF - timedelta(days=days)
    for at, value in ((first, inside), (AS_OF - TICK, inside), (first - TICK, outside), (AS_OF, outside)):
        found = of_family(column.partition("_")[0], **{table: [row | {"at": at}]})[column]
        assert found == value or (value is None and found != found), (at, found)


EVER = {
    "margin_share": ("orders", SALE | {"product_id": "p", "discount": 1.0}, 5 / 9, None),
    "points_balance": ("loyalty", {"kind": "spend", "points": 7.5, "tier": None}, -7.5, 0),
    "points_tier": ("loyalty", {"kind": "tier", "points": None, "tier": "gold"}, "gold", None),
    "seasonal_favourite": ("orders", SALE | {"product_id": "p"}, "winter", None),
    "seasonal_share": ("orders", SALE | {"product_id": "p"}, 1, None),
}
"""Columns without a window."""


@pytest.mark.parametrize("column", EVER)
def test_what_happened_at_any_time_before_as_of_counts(column: str) -> None:
    table, row, inside, outside = EVER[column]
    for at, value in ((datetime(1999, 1, 1), inside), (AS_OF - TICK, inside), (AS_OF, outside)):
        found = of_family(column.partition("_")[0], **{table: [row | {"at": at}]})[column]
        assert found == value or (value is None and found != found), (at, found)


OF_ANOTHER_KIND = {
    "search_words_90d_n": ("events", {"kind": "page_view", "query": "mug"}, 0),
    "results_none_90d_n": ("events", {"kind": "product_view", "results_n": 0}, 0),
    "results_mean": ("events", {"kind": "product_view", "results_n": 3}, None),
    "topics_responded_n": ("touches", {"kind": "sent", "channel": "email", "topic": "garden"}, 0),
    "outreach_cost_per_response": ("touches", {"kind": "unsubscribe", "channel": "email", "cost": 1.0}, None),
    "outreach_cost_365d": ("touches", {"kind": "sent", "channel": "email", "cost": None}, None),
    "margin_365d": ("orders", SALE | {"kind": "return", "product_id": "p"}, None),
    "margin_share": ("orders", SALE | {"product_id": "unpriced"}, None),
    "seasonal_favourite": ("orders", SALE | {"kind": "return", "product_id": "p"}, None),
    "seasonal_share": ("orders", SALE | {"product_id": "unpriced"}, 0),
    "points_balance": ("loyalty", {"kind": "tier", "points": 5.0, "tier": "gold"}, 0),
}
"""By column: a row that is none of those it is made of, and the value with that row alone."""


@pytest.mark.parametrize("column", OF_ANOTHER_KIND)
def test_rows_of_another_kind_do_not_count(column: str) -> None:
    table, row, value = OF_ANOTHER_KIND[column]
    found = of_family(column.partition("_")[0], **{table: [row | {"at": AS_OF - timedelta(days=1)}]})[column]
    assert found == value or (value is None and found != found)


def test_a_margin_of_what_was_given_away_is_a_cost_and_no_share() -> None:
    found = of_family("margin", orders=[SALE | {"product_id": "p", "discount": 10.0, "at": AS_OF - timedelta(days=1)}])
    assert found["margin_365d"] == -4
    assert found["margin_share"] != found["margin_share"]


def test_a_row_counts_from_when_it_was_known_until_it_was_replaced() -> None:
    search = {"kind": "search", "query": "mug", "results_n": 0, "at": AS_OF - timedelta(days=3), "page": "home"}
    for family, column in (
        ("search", "search_words_90d_n"),
        ("results", "results_none_90d_n"),
        ("content", "content_pages_90d_n"),
    ):
        for known_at, replaced_at, n in (
            (AS_OF - TICK, None, 1), (AS_OF, None, 0), (None, AS_OF - TICK, 0), (None, AS_OF, 1),
        ):  # fmt: skip
            row = search | {"known_at": known_at, "replaced_at": replaced_at}
            assert of_family(family, events=[row])[column] == n, (family, known_at, replaced_at)


def test_what_is_said_at_the_same_moment_is_told_apart_by_the_alphabet() -> None:
    at = AS_OF - timedelta(days=1)
    tiers = [{"kind": "tier", "points": None, "tier": tier, "at": at} for tier in ("silver", "gold")]
    assert of_family("points", loyalty=tiers)["points_tier"] == "gold"
    pages = [{"kind": "page_view", "page": page, "at": at} for page in ("b", "a", "c")]
    assert of_family("content", events=pages)["content_favourite"] == "a"


def test_a_movement_of_points_is_no_tier_and_a_tier_no_movement() -> None:
    move = {"kind": "earn", "points": 10.0, "tier": "gold", "at": AS_OF - timedelta(days=2)}
    tier = {"kind": "tier", "points": None, "tier": "silver", "at": AS_OF - timedelta(days=1)}
    found = of_family("points", loyalty=[move, tier])
    assert (found["points_recency_days"], found["points_tier"], found["points_tier_days"]) == (2, "silver", 1)
    assert found["points_spent_days"] != found["points_spent_days"]
    assert of_family("points", loyalty=[move])["points_tier"] == "gold"
