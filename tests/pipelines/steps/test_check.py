"""``check`` says beforehand what ingest would do, and writes nothing."""

from pathlib import Path

import pytest

from pipelines.steps.check import check_source
from tests.pipelines.conftest import HEADER, LINES, ORDERS_SQL


def test_rows_and_reasons_are_those_of_an_ingest(write_shop, tmp_path):
    source = write_shop(LINES + "A3,,2024-02-02,mug,1,2,,sale\nA4,eve,2024-02-03,mug,one,2,,sale\n")
    before = sorted(tmp_path.rglob("*"))
    found = check_source(str(source.folder), None)
    assert sorted(tmp_path.rglob("*")) == before
    orders = found["tables"]["orders"]
    assert found["fits"]
    assert (orders["rows"], orders["rejects"]) == (5, {"missing_customer_id": 1, "unreadable_quantity": 1})
    assert orders["first"][0][:2] == ("A1", "ann")
    assert orders["empty"] == ()
    assert "quantity cannot be read" in found["message"]


def test_lines_that_are_no_rows_are_counted_with_their_reason(write_shop):
    source = write_shop(LINES + "A3,bob,2024-02-02,mug,1,2,,sale,one,too many\n")
    found = check_source(str(source.folder), None)
    assert found["files"]["lines"]["refused"] == {"too_many_fields": 1}
    assert "lines that are no rows: 1 too_many_fields: the line has more values" in found["message"]


def test_an_encoding_that_was_guessed_is_named_with_its_file(write_shop):
    source = write_shop(files={"lines": "lines*.csv"})
    (source.raw / "lines-2.csv").write_bytes((HEADER + "A9,zoë,2024-02-02,mug,1,2,,sale\n").encode("cp1252"))
    found = check_source(str(source.folder), None)
    assert found["files"]["lines"]["guessed"] == {"lines-2.csv": "cp1252"}
    assert "lines-2.csv is read as cp1252, which nobody declared: set encoding under [csv]" in found["message"]


def test_every_file_and_every_select_that_does_not_fit_is_named_at_once(write_shop):
    source = write_shop(
        sql={"orders": ORDERS_SQL.replace("sku", "skew"), "products": "SELECT sku AS product FROM lines"}
    )
    found = check_source(str(source.folder), None)
    assert not found["fits"]
    assert [error.split(" of ")[0] for error in found["errors"]] == ["orders.sql", "products.sql"]


def test_an_alias_without_files_does_not_hide_the_others(write_shop):
    source = write_shop(files={"lines": "lines.csv", "site": "visits-*.csv", "people": "people.csv"})
    found = check_source(str(source.folder), None)
    assert found["files"]["lines"]["columns"]["order_no"] == "VARCHAR"
    assert [error for error in found["errors"] if "found no" in error] == found["errors"]
    assert len(found["errors"]) == 2


@pytest.mark.parametrize("name", ["online_retail", "cdnow"])
def test_a_shipped_source_without_its_files_says_where_to_put_them(name, tmp_path: Path):
    found = check_source(name, tmp_path)
    assert found["errors"]
    assert all(str(tmp_path) in error for error in found["errors"])
