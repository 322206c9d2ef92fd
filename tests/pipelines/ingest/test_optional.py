"""Exports and columns that may be missing are read as empty; what comes later is news."""

from datetime import datetime

import polars as pl
import pytest

from features.errors import BadConfig, NotFound
from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace
from tests.pipelines.conftest import ORDERS_SQL

GOODS = {"lines": "lines.csv", "goods": "goods*.csv"}
PRODUCTS_SQL = "SELECT sku AS product_id, label AS name FROM goods"
NOW = datetime(2024, 6, 1)


@pytest.mark.parametrize("sql", [PRODUCTS_SQL, f"SELECT DISTINCT * FROM ({PRODUCTS_SQL})"], ids=["by row", "whole"])
def test_an_export_that_may_be_missing_has_no_rows_until_it_comes(write_shop, tmp_path, sql):
    source = write_shop(
        sql={"orders": ORDERS_SQL, "products": sql}, files=GOODS, optional_files={"goods": ["sku", "label"]}
    )
    workspace = Workspace(tmp_path / "home")
    first = ingest(workspace, source, as_known=NOW)
    assert (first.counts, first.absent) == ({"orders": 3, "products": 0}, ["goods"])
    (source.raw / "goods-1.csv").write_text("sku,label\nmug,Mug\n")
    later = ingest(workspace, source, as_known=NOW)
    assert (later.counts, later.absent, later.changed) == ({"orders": 3, "products": 1}, [], True)


def test_ingest_says_which_export_is_missing(write_shop, tmp_path):
    source = write_shop(
        sql={"orders": ORDERS_SQL, "products": PRODUCTS_SQL}, files=GOODS, optional_files={"goods": ["sku", "label"]}
    )
    done = ingest_step(Workspace(tmp_path / "home"), str(source.folder), "", None)
    assert done["absent"] == ["goods"]
    assert "no file for goods, which may be missing: read as empty" in done["message"]


def test_an_export_that_must_not_be_missing_is_an_error(write_shop, tmp_path):
    source = write_shop(sql={"orders": ORDERS_SQL, "products": PRODUCTS_SQL}, files=GOODS)
    with pytest.raises(NotFound, match=r"found no goods\*\.csv"):
        ingest(Workspace(tmp_path / "home"), source)


def test_a_column_that_files_may_lack_is_empty_in_those_that_do(write_shop, tmp_path):
    sql = ORDERS_SQL.replace("discount, kind", "rebate AS discount, kind")
    source = write_shop(sql={"orders": sql}, files={"lines": "lines*.csv"}, optional_columns={"lines": ["rebate"]})
    workspace = Workspace(tmp_path / "home")
    assert _discounts(ingest(workspace, source, as_known=NOW).folder) == {"A1": None, "A2": None}
    header = "order_no,customer,when,sku,qty,price,kind,Rebate\n"
    (source.raw / "lines-2.csv").write_text(header + "A3,ann,2024-05-31 10:00,mug,1,4.50,sale,0.50\n")
    assert _discounts(ingest(workspace, source, as_known=NOW).folder) == {"A1": None, "A2": None, "A3": 0.5}


@pytest.mark.parametrize("key", ["optional_files", "optional_columns"])
def test_only_an_alias_can_be_optional(write_shop, key):
    with pytest.raises(BadConfig, match=rf"\[{key}\] names 'linse', which is no alias"):
        write_shop(**{key: {"linse": ["a"]}})


def test_a_shared_select_is_read_by_its_name_and_confined_like_any_other(write_shop, tmp_path):
    rows = "SELECT *, upper(sku) AS article FROM lines;  -- of both tables\n"
    sql = {
        "_rows": rows,
        "orders": ORDERS_SQL.replace("sku AS product_id", "article AS product_id").replace("FROM lines", "FROM _rows"),
        "products": "-- Once each.\nWITH seen AS (FROM _rows) SELECT DISTINCT article AS product_id FROM seen",
    }
    source = write_shop(sql=sql)
    assert set(source.sql) == {"orders", "products"}
    folder = ingest(Workspace(tmp_path / "home"), source).folder
    assert set(pl.read_parquet(folder / "products.parquet")["product_id"]) == {"MUG", "POT"}
    (source.folder / "_rows.sql").write_text("FROM read_csv('/etc/passwd')")
    with pytest.raises(Exception, match=r"orders\.sql of shop calls read_csv\(\)"):
        ingest(Workspace(tmp_path / "other"), load_source(source.folder))


def _discounts(folder):
    return dict(pl.read_parquet(folder / "orders.parquet").select("order_id", "discount").iter_rows())
