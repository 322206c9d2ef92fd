"""Many dates together give what each gives alone, to the last bit."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engines import from_frames, open_tables, to_pandas
from features.entities import Entity
from features.snapshot import snapshot, snapshots
from features.windows import to_days

Frames = dict[str, pl.DataFrame]
# The ids c51 and c61 become others' on the way; the last two dates are a microsecond apart.
DATES = [datetime(2021, 12, 1), datetime(2020, 8, 1), datetime(2022, 3, 1), datetime(2022, 1, 17, 10, 30)]
CUTOFFS = [to_days(date) for date in [*DATES, datetime(2022, 1, 17, 10, 30, 0, 1), datetime(2021, 3, 5, 18)]]


def assert_each_is_its_snapshot(frames: Frames, cutoffs: list[float], entity: Entity) -> None:
    found = dict(snapshots(from_frames(frames), cutoffs, entity))
    assert list(found) == sorted(cutoffs)
    for as_of, features in found.items():
        alone = to_pandas(snapshot(from_frames(frames), as_of, entity))
        pd.testing.assert_frame_equal(to_pandas(features), alone, check_exact=True)


@pytest.mark.parametrize("entity", ["customer", "company"])
def test_many_dates_are_their_snapshots(world: Frames, entity: Entity) -> None:
    assert_each_is_its_snapshot(world, CUTOFFS, entity)


def test_an_order_that_two_ids_of_a_customer_share_counts_once() -> None:
    at = datetime(2021, 5, 1)
    line = {"order_id": "o", "at": at, "product_id": "p", "quantity": 1.0, "unit_price": 1.0, "kind": "sale"}
    orders = pl.DataFrame([line | {"customer_id": name} for name in ("a", "b", "c")])
    links = pl.DataFrame({"alias_id": ["b"], "customer_id": ["a"], "known_at": [datetime(2021, 7, 1)]})
    frames = {"orders": orders, "identities": links}
    assert_each_is_its_snapshot(frames, CUTOFFS, "customer")
    last = to_pandas(dict(snapshots(from_frames(frames), CUTOFFS))[max(CUTOFFS)])
    assert last["customer_id"].tolist() == ["a", "c"]
    assert last["basket_product_repeat_share"].tolist() == [0.0, 0.0]


def test_lines_come_and_go_between_dates() -> None:
    def line(order: str, product: str | None, day: int, known: int | None, replaced: int | None) -> dict[str, object]:
        moments = {"known_at": known, "replaced_at": replaced}
        times = {name: None if day is None else datetime(2021, 1, day) for name, day in moments.items()}
        row = {"order_id": order, "product_id": product, "at": datetime(2021, 1, day), "quantity": 2.0}
        return row | times | {"customer_id": "a", "unit_price": 1.5, "kind": "sale"}

    lines = [line("o", "p", 2, None, None), line("o", "p", 2, 6, None), line("o", "q", 3, None, 9)]
    lines += [
        line("r", "p", 4, None, 5),
        line("r", "p", 4, 5, None),
        line("s", None, 7, 8, 12),
        line("t", "q", 9, 9, 9),
    ]
    orders = pl.DataFrame(lines, infer_schema_length=None)
    every_day = [to_days(datetime(2021, 1, day)) for day in range(3, 15)]
    assert_each_is_its_snapshot({"orders": orders}, every_day, "customer")


DAYS = st.integers(1, 9)
LINE = {
    "customer_id": st.sampled_from("ab"),
    "order_id": st.sampled_from("opq"),
    "product_id": st.sampled_from(["x", "y", None]),
    "at": st.integers(1, 5),
    "known_at": st.one_of(st.none(), DAYS),
    "replaced_at": st.one_of(st.none(), DAYS),
}


@settings(max_examples=6, deadline=None)
@given(lines=st.lists(st.fixed_dictionaries(LINE), min_size=2, max_size=6), linked_on=st.one_of(st.none(), DAYS))
def test_lines_that_come_late_or_are_replaced_and_ids_linked_later(
    lines: list[dict[str, object]], linked_on: int | None
) -> None:
    """Orders may have lines on several days; b may turn out to be c."""
    moments = ("at", "known_at", "replaced_at")
    days = pl.DataFrame(lines, infer_schema_length=None).with_columns(pl.col(moments).cast(pl.Int64))
    start = pl.datetime(2021, 1, 1)
    orders = days.with_columns((start + pl.duration(days=pl.col(name))).alias(name) for name in moments)
    orders = orders.with_columns(
        pl.col("product_id").cast(pl.String), quantity=2.0, unit_price=1.5, kind=pl.lit("sale")
    )
    frames = {"orders": orders, "products": pl.DataFrame({"product_id": ["x", "y"], "category": ["k", "k"]})}
    if linked_on:
        links = {"alias_id": ["b"], "customer_id": ["c"], "known_at": [datetime(2021, 1, 1 + linked_on)]}
        frames["identities"] = pl.DataFrame(links)
    assert_each_is_its_snapshot(frames, [to_days(datetime(2021, 1, day)) for day in (3, 6, 9)], "customer")


def test_without_orders_dates_are_read_from_events(world: Frames) -> None:
    frames = {name: rows for name, rows in world.items() if name not in ("orders", "products")}
    assert_each_is_its_snapshot(frames, CUTOFFS[:2], "customer")


def test_duckdb_gives_the_same(world: Frames, tmp_path: Path) -> None:
    """Of the tables that decide whose orders they are; ``test_snapshot`` compares the engines on all of them."""
    few = {name: world[name] for name in ("orders", "identities")}
    for name, rows in few.items():
        rows.write_parquet(tmp_path / f"{name}.parquet")
    found = {as_of: to_pandas(f) for as_of, f in snapshots(open_tables(tmp_path, "duckdb"), CUTOFFS[2:4])}
    for as_of, features in snapshots(from_frames(few), CUTOFFS[2:4]):
        pd.testing.assert_frame_equal(found[as_of], to_pandas(features), check_exact=True)
