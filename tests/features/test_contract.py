"""The contract of the tables, and the one scale of time."""

from datetime import datetime
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from features.engines import from_frames, open_tables
from features.errors import BadInput, BadTable, NotFound
from features.tables import TABLES
from features.windows import future, to_datetime, to_days


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
