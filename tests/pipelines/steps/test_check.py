"""``check`` says beforehand what ingest would do, and writes nothing."""

import tempfile
from pathlib import Path

import pytest

from pipelines import scratch
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


def test_a_table_that_would_lose_most_rows_is_named_with_its_reason(write_shop):
    source = write_shop(LINES.replace(",ann,", ",,"))
    found = check_source(str(source.folder), None)
    assert (found["fits"], found["errors"], found["loses"]) == (False, [], ["orders"])
    assert found["tables"]["orders"]["kept"] == 1
    assert "1 of the first 3 rows (33 %) would be stored" in found["message"]
    assert "2 rejected, missing_customer_id: customer_id is empty" in found["message"]
    last = found["message"].splitlines()[-1]
    assert "most rows of orders (67 %) would be rejected" in last
    assert "missing_customer_id in orders.sql" in last
    assert "takes this source" not in last


def test_half_of_the_rows_are_taken_with_an_example_of_what_cannot_be_read(write_shop):
    source = write_shop(LINES + "A3,eve,05/01/2024 10h,mug,1,2,,sale\n" * 3)
    found = check_source(str(source.folder), None)
    assert found["fits"]
    assert "3 of the first 6 rows (50 %) would be stored" in found["message"]
    assert "3 rejected, unreadable_at, such as '05/01/2024 10h': at cannot be read" in found["message"]


@pytest.mark.parametrize(("table", "column"), [("contacts", "consent_email"), ("customers", "birth_year")])
def test_no_personal_value_is_an_example(write_shop, table, column):
    value = "CASE customer WHEN 'ann' THEN 'secret' ELSE '1' END"
    select = f"SELECT DISTINCT customer AS customer_id, {value} AS {column} FROM lines"
    more = "A3,eve,2024-02-01,mug,1,2,,sale\n"
    found = check_source(str(write_shop(LINES + more, sql={"orders": ORDERS_SQL, table: select}).folder), None)
    assert found["tables"][table]["rejects"] == {f"unreadable_{column}": 1}
    assert found["tables"][table]["examples"] == {}
    assert "secret" not in found["message"].partition(f"{table}.sql:")[2]


def test_a_vault_of_which_nothing_can_be_read_is_a_sentence(write_shop):
    contacts = "SELECT customer AS customer_id, sku AS consent_email FROM lines"
    found = check_source(str(write_shop(sql={"orders": ORDERS_SQL, "contacts": contacts}).folder), None)
    assert [error for error in found["errors"] if "contacts.consent_email cannot be read as bool" in error]


def test_a_missing_export_that_may_be_missing_is_said(write_shop):
    source = write_shop(
        sql={"orders": ORDERS_SQL, "products": "SELECT sku AS product_id, label AS name FROM goods"},
        files={"lines": "lines.csv", "goods": "goods-*.csv"},
        optional_files={"goods": ["sku", "label"]},
    )
    found = check_source(str(source.folder), None)
    assert found["fits"]
    assert "goods: no file, which may be missing: read as empty" in found["message"]


def test_what_a_killed_check_left_is_swept_by_the_next(write_shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch.passing_folder() as living:
        left = living.parent / "killed"
        left.mkdir()
        (left / "raw.csv").write_text("ann@example.com")
        check_source(str(write_shop().folder), None)
        assert (left.exists(), living.exists()) == (False, True)
    assert not living.exists()
    assert living.parent.stat().st_mode & 0o077 == 0
