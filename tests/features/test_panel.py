"""A panel is snapshots side by side, each with what happened next."""

from datetime import datetime
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from features.engines import Tables, from_frames, open_tables, to_pandas
from features.errors import BadInput, BadTable, NotFound
from features.panel import panel
from features.snapshot import feature_names, snapshot
from features.tables import TABLES
from features.windows import Frame, future, to_datetime, to_days

CUTOFFS = [to_days("2021-06-01"), to_days("2021-03-01")]


def buys(tables: Tables, as_of: float) -> Frame:
    bought = future(tables["orders"], as_of, 30.0).filter(nw.col("kind") == "sale")
    return bought.select("customer_id", label=nw.lit(1)).unique()


def test_a_panel_is_its_snapshots(shop: dict[str, pl.DataFrame]) -> None:
    tables = from_frames(shop)
    whole = to_pandas(panel(tables, CUTOFFS, label=buys, missing_label=0.0))
    assert list(whole.columns) == ["customer_id", "as_of", "label", *feature_names(tables)]
    assert whole["as_of"].is_monotonic_increasing
    for as_of in CUTOFFS:
        part = whole[whole["as_of"] == as_of].reset_index(drop=True)
        assert part.drop(columns=["as_of", "label"]).equals(to_pandas(snapshot(tables, as_of)))


def test_labels_are_what_happened_in_the_horizon(shop: dict[str, pl.DataFrame]) -> None:
    whole = to_pandas(panel(from_frames(shop), CUTOFFS, label=buys, missing_label=0.0))
    sales = shop["orders"].filter(pl.col("kind") == "sale")
    for customer, as_of, label in whole[["customer_id", "as_of", "label"]].itertuples(index=False):
        ahead = [
            (at - to_datetime(as_of)).total_seconds() / 86400
            for at in sales.filter(pl.col("customer_id") == customer)["at"]
        ]
        assert label == any(0 <= days < 30 for days in ahead)
    assert 0 < whole["label"].mean() < 1


def test_eligible_keeps_the_rows_and_nothing_else_changes(shop: dict[str, pl.DataFrame]) -> None:
    tables = from_frames(shop)
    every = to_pandas(panel(tables, CUTOFFS, label=buys, missing_label=0.0))
    active = nw.col("purchase_recency_days") <= 90
    some = to_pandas(panel(tables, CUTOFFS, label=buys, missing_label=0.0, eligible=active))
    assert some.equals(every[every["purchase_recency_days"] <= 90].reset_index(drop=True))


def test_a_customer_without_a_label_row_gets_the_missing_label(shop: dict[str, pl.DataFrame]) -> None:
    tables = from_frames(shop)
    lapses = to_pandas(panel(tables, CUTOFFS, label=buys, missing_label=7.0))
    assert set(lapses["label"]) == {1.0, 7.0}


def test_a_panel_needs_cutoffs_that_differ(shop: dict[str, pl.DataFrame]) -> None:
    for cutoffs, sentence in (([], "no cutoffs"), ([1.0, 1.0], "given twice")):
        with pytest.raises(BadInput, match=sentence):
            panel(from_frames(shop), cutoffs, label=buys, missing_label=0.0)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_both_engines_give_the_same_panel(shop: dict[str, pl.DataFrame], tmp_path: Path, engine: str) -> None:
    shop["orders"].write_parquet(tmp_path / "orders.parquet")
    found = to_pandas(panel(open_tables(tmp_path, engine), CUTOFFS, label=buys, missing_label=0.0))
    tables = from_frames({"orders": shop["orders"]})
    assert found.equals(to_pandas(panel(tables, CUTOFFS, label=buys, missing_label=0.0)))


def test_tables_that_break_the_contract_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="coterie ingest"):
        open_tables(tmp_path)
    with pytest.raises(BadTable, match="table 'shoes' is unknown"):
        from_frames({"shoes": pl.DataFrame()})
    with pytest.raises(BadTable, match="'orders' has no column 'customer_id'"):
        from_frames({"orders": pl.DataFrame({"order_id": ["a"]})})


def test_time_goes_to_days_and_back() -> None:
    moment = datetime(2021, 3, 5, 18, 59, 59, 999_999)
    assert to_datetime(to_days(moment)) == moment
    with pytest.raises(BadInput, match="no ISO time"):
        to_days("yesterday")
    with pytest.raises(BadInput, match="above 0"):
        future(nw.from_native(pl.LazyFrame({"at_days": [1.0]})), 0.0, 0.0)


def test_every_table_names_its_key_and_its_columns_once() -> None:
    for name, table in TABLES.items():
        assert name == table.name
        assert len(set(table.column_names)) == len(table.columns)
        assert set(table.key) <= set(table.column_names)
        assert table.time is None or table.time in table.required
        assert all(column.doc.endswith(".") for column in table.columns)
