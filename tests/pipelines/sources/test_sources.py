"""A source is checked before any data are read, and reads values as the contract says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from features.engines import open_tables, to_pandas
from features.errors import BadConfig, BadTable, NotFound
from features.snapshot import snapshot
from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.workspace import Workspace
from tests.pipelines.conftest import HEADER, ORDERS_SQL

pytestmark = pytest.mark.usefixtures("unaudited")

SELECT_ALL = (
    'SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", qty AS quantity, price AS unit_price'
)


def canonical(home: Path, source: Any, table: str = "orders", part: str = ".") -> list[dict[str, Any]]:
    result = ingest(Workspace(home), source)
    rows = duckdb.sql(f"FROM '{result.folder / part / (table + '.parquet')}'")
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def test_an_unknown_source_is_refused_with_the_names_there_are():
    with pytest.raises(NotFound, match=r"no source 'onlineretail'.*cdnow, .*, online_retail"):
        load_source("onlineretail")


def test_a_folder_without_source_toml_is_refused(tmp_path):
    with pytest.raises(NotFound, match=r"has no source\.toml"):
        load_source(tmp_path)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"timezone": "Europe/Londn"}, "'Europe/Londn' is no time zone: write it like 'Europe/London'"),
        ({"time_zone": "UTC"}, "unknown key 'time_zone': did you mean 'timezone'"),
        ({"not_products": {"patterns": ["("]}}, "is no regular expression"),
        ({"zero_price": "maybe"}, "zero_price: Input should be 'reject' or 'keep'"),
        ({"files": {"Lines": "lines.csv"}}, "the alias 'Lines'"),
        (
            {"files": {"lines": "/data/out/l*.csv"}},
            "is absolute, patterns are below the raw folder: set raw = '/data/out'",
        ),
        ({"files": {"lines": "C:/out/l*.csv"}}, "is absolute, patterns are below the raw folder"),
        ({"files": {"lines": ["lines.csv", ""]}}, "a pattern is empty: name a file"),
        ({"files": {"lines": "**.csv"}}, "has ** within a name"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(write_shop, keys, sentence):
    with pytest.raises(BadConfig) as error:
        write_shop(**keys)
    assert sentence in str(error.value)


def test_broken_toml_is_refused(write_shop):
    folder = write_shop().folder
    (folder / "source.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(BadConfig, match="not valid TOML"):
        load_source(folder)


def test_an_sql_file_must_name_a_canonical_table(write_shop):
    with pytest.raises(BadConfig, match=r"order\.sql of shop names no canonical table: did you mean 'orders'"):
        write_shop(sql={"order": "SELECT 1"})


def test_a_source_must_fill_orders_or_events(write_shop):
    with pytest.raises(BadConfig, match="neither orders nor events"):
        write_shop(sql={"customers": "SELECT customer AS customer_id FROM lines"})


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT order_id FROM lines", "the files have no column 'order_id'"),
        ("SELECT 1 AS order_id FROM line", "there is no alias 'line'"),
        ("SELEC 1", "is not valid SQL"),
        ("SELECT 1; SELECT 2", "must be one SELECT, found SELECT, SELECT"),
        ("DROP TABLE lines", "must be one SELECT, found DROP"),
        ("-- nothing", "must be one SELECT, found nothing"),
        (SELECT_ALL + " FROM lines", "lacks kind: return every required column"),
        (
            SELECT_ALL + ", 'sale' AS kind, sku AS produkt_id FROM lines",
            "unknown column produkt_id: did you mean product_id",
        ),
        (SELECT_ALL + ", 'sale' AS kind, 1 AS zzz FROM lines", "unknown column zzz: orders has order_id, customer_id"),
        (SELECT_ALL + ", 'sale' AS kind, kind FROM lines", "returns kind more than once"),
        (SELECT_ALL + ", 'sale' AS kind FROM lines WHERE false", "none of orders, events, subscriptions has a row"),
        (
            SELECT_ALL + ", CAST(sku AS INT) AS discount, 'sale' AS kind FROM lines",
            "Could not convert string … to INT32",
        ),
    ],
)
def test_sql_that_does_not_keep_the_contract_is_refused(write_shop, tmp_path, sql, sentence):
    source = write_shop(sql={"orders": sql})
    with pytest.raises(BadTable) as error:
        ingest(Workspace(tmp_path / "home"), source)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_optional_table_and_an_empty_file_among_others_are_no_error(write_shop, tmp_path):
    sql = {
        "orders": ORDERS_SQL,
        "touches": "SELECT who AS customer_id, ts AS \"at\", 'email' AS channel, 'sent' AS kind FROM sent",
    }
    source = write_shop(sql=sql, files={"lines": "lines*.csv", "sent": "sent.csv"})
    (source.raw / "lines-2.csv").touch()
    (source.raw / "sent.csv").write_text("who,ts\n")
    result = ingest(Workspace(tmp_path / "home"), source)
    assert result.counts == {"orders": 3, "touches": 0}
    assert len(to_pandas(snapshot(open_tables(result.folder), 19800.0))) == 2


RENAMED = "order_no,client,when,sku,qty,price,discount,kind\n"


@pytest.mark.parametrize(
    ("header", "line", "rows", "sentence"),
    [
        (RENAMED, "A9,cleo,2024-02-02,mug,1,2,,sale\n", 1,
         "lines-2.csv has no column customer, which orders.sql reads and other files have; all 1 of its rows are "
         "rejected (missing_customer_id)"),
        (HEADER, "A9,cleo,2024-02-02,mug,1,\"2,50\",,sale\n", 10,
         "lines-2.csv: all 10 of its rows are rejected (unreadable_unit_price), such as '2,50': set decimal = \",\""),
        (HEADER, "A9,,2024-02-02,mug,1,2,,sale\n", 9, ""),  # guests alone
    ],
)  # fmt: skip
def test_a_file_whose_every_row_is_rejected_for_one_column_is_named(write_shop, tmp_path, header, line, rows, sentence):
    source = write_shop(files={"lines": "lines*.csv"})
    (source.raw / "lines-2.csv").write_text(header + "".join(line.replace("A9", f"A{n}") for n in range(rows)))
    if not sentence:
        assert ingest(Workspace(tmp_path / "home"), source).rejects["orders"] == {"missing_customer_id": rows}
        return
    with pytest.raises(BadTable) as error:
        ingest(Workspace(tmp_path / "home"), source)
    assert sentence in str(error.value)


def test_files_that_are_not_there_or_empty_are_refused(write_shop, tmp_path):
    home = Workspace(tmp_path / "home")
    source = write_shop()
    with pytest.raises(NotFound, match="no raw folder"):
        ingest(home, source, tmp_path / "nowhere")
    with pytest.raises(NotFound, match=r"found no lines\.csv in"):
        ingest(home, source, tmp_path)
    with pytest.raises(BadTable, match="none of orders, events, subscriptions has a row"):
        ingest(home, write_shop(lines="", name="header_only"))
    with pytest.raises(BadTable, match=r"lines\.csv is empty \(0 bytes\)"):
        ingest(home, write_shop(lines="", header="", name="nothing"))
    with pytest.raises(BadTable, match=r"cannot tell how to read source\.toml"):
        ingest(home, write_shop(files={"lines": "../source.toml"}, name="ending"))
    broken = write_shop(files={"lines": "lines.parquet"}, name="broken")
    (broken.raw / "lines.parquet").write_bytes(b"no parquet")
    with pytest.raises(BadTable, match=r"cannot read lines\.parquet"):
        ingest(home, broken)
    assert not (tmp_path / "home").exists()


def test_what_macos_and_office_leave_beside_the_files_is_no_delivery(write_shop, tmp_path):
    source = write_shop(files={"lines": "*lines.csv"})
    for leftover in ("._lines.csv", "~$lines.csv"):
        (source.raw / leftover).write_bytes(b"\x00\x05\x16\x07")
    assert ingest(Workspace(tmp_path / "home"), source).counts == {"orders": 3}


@pytest.mark.parametrize("ending", ["csv", "parquet", "json", "jsonl"])
def test_the_file_format_does_not_matter(write_shop, tmp_path, ending):
    as_csv = write_shop()
    source = write_shop(name="other", files={"lines": f"lines.{ending}"})
    options = {"json": "(FORMAT json, ARRAY true)", "jsonl": "(FORMAT json)"}.get(ending, "")
    lines = f"read_csv('{as_csv.raw / 'lines.csv'}', all_varchar = {str(ending == 'csv').lower()})"
    duckdb.sql(f"COPY (FROM {lines}) TO '{source.raw / f'lines.{ending}'}' {options}")
    assert canonical(tmp_path / "b", source) == canonical(tmp_path / "a", as_csv)


def test_a_single_raw_file_may_be_named(write_shop, tmp_path):
    source = write_shop()
    moved = source.raw.rename(tmp_path / "elsewhere") / "lines.csv"
    assert ingest(Workspace(tmp_path / "home"), source, moved).counts == {"orders": 3}


def test_text_of_a_csv_stays_text(write_shop, tmp_path):
    rows = canonical(tmp_path, write_shop("0001,007,2024-01-05,00012,1,2,,sale\n"))
    assert [(row["order_id"], row["customer_id"], row["product_id"]) for row in rows] == [("0001", "007", "00012")]


@pytest.mark.parametrize(
    ("text", "timezone", "utc"),
    [
        ("2024-01-05 10:00", "Europe/London", datetime(2024, 1, 5, 10)),
        ("2024-07-05 10:00", "Europe/London", datetime(2024, 7, 5, 9)),
        ("2024-03-31 02:30", "Europe/Paris", datetime(2024, 3, 31, 1, 30)),
        ("2024-10-27 02:30", "Europe/Paris", datetime(2024, 10, 27, 1, 30)),
        ("2024-10-27 02:30:00+02:00", "Europe/Paris", datetime(2024, 10, 27, 0, 30)),
        ("2024-03-10 02:30", "America/New_York", datetime(2024, 3, 10, 7, 30)),
        ("2024-11-03 01:30", "America/New_York", datetime(2024, 11, 3, 6, 30)),
        ("2024-02-29 23:59", "America/New_York", datetime(2024, 3, 1, 4, 59)),
        ("2024-07-05", "America/New_York", datetime(2024, 7, 5, 4)),
        ("2024-07-05T10:00:00Z", "America/New_York", datetime(2024, 7, 5, 10)),
        ("2024-07-05T10:00:00+02:00", "America/New_York", datetime(2024, 7, 5, 8)),
        ("5.7.2024 10:00", "Europe/London", datetime(2024, 7, 5, 9)),
        (" 2024-07-05 10:00:00.5 ", "UTC", datetime(2024, 7, 5, 10, 0, 0, 500_000)),
    ],
)
def test_local_times_become_utc(write_shop, tmp_path, text, timezone, utc):
    source = write_shop(f"A1,ann,{text},mug,1,2,,sale\n", timezone=timezone, time_formats=["%d.%m.%Y %H:%M"])
    assert canonical(tmp_path, source)[0]["at"] == utc


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("TIMESTAMP '2024-07-05 10:00'", datetime(2024, 7, 5, 9)),
        ("TIMESTAMPTZ '2024-07-05 10:00+00'", datetime(2024, 7, 5, 10)),
        ("DATE '2024-07-05'", datetime(2024, 7, 4, 23)),
    ],
)
def test_times_that_come_as_times_follow_the_same_rule(write_shop, tmp_path, given, utc):
    sql = f"""SELECT 'A1' AS order_id, 'ann' AS customer_id, {given} AS "at", 1 AS quantity, 2 AS unit_price,
        'sale' AS kind FROM lines LIMIT 1"""
    assert canonical(tmp_path, write_shop(sql={"orders": sql}, timezone="Europe/London"))[0]["at"] == utc


@pytest.mark.parametrize(
    ("column", "given", "value"),
    [
        ("birth_year", "'1980'", 1980),
        ("birth_year", "'1980.0'", 1980),
        ("birth_year", "1980.5", "unreadable_birth_year"),
        ("birth_year", "' '", None),
        ("consent", "'yes'", True),
        ("consent", "'0'", False),
        ("consent", "'perhaps'", "unreadable_consent"),
        ("city", "' \u00a0Bath\t'", "Bath"),
        ("city", "''", None),
        ("signed_up_at", "'infinity'", "unreadable_signed_up_at"),
        ("attr_tier", "' gold'", "gold"),
    ],
)
def test_values_are_read_or_rejected(write_shop, tmp_path, column, given, value):
    readable = {"birth_year": "'1999'", "consent": "'true'", "signed_up_at": "'2024-01-01'"}.get(column, "'z'")
    values = [f"('ann', {given})", f"('bob', {readable})", f"('cleo', {readable})"]
    customers = f"SELECT * FROM (VALUES {', '.join(values)}) AS given(customer_id, {column})"
    source = write_shop(sql={"orders": SELECT_ALL + ", kind FROM lines", "customers": customers})
    rows, rejects = canonical(tmp_path, source, "customers"), canonical(tmp_path, source, "customers", "rejects")
    found = [row[column] for row in rows if row["customer_id"] == "ann"] or [row["reason"] for row in rejects]
    assert found == [value]


def test_nan_in_a_number_column_is_a_gap_but_the_text_nan_is_unreadable(write_shop, tmp_path):
    as_number = write_shop(sql={"orders": SELECT_ALL + ", kind, CAST('nan' AS DOUBLE) AS discount FROM lines"})
    assert {row["discount"] for row in canonical(tmp_path / "a", as_number)} == {None}
    as_text = write_shop(sql={"orders": SELECT_ALL + ", kind, if(sku = 'pot', 'nan', '1') AS discount FROM lines"})
    assert [row["reason"] for row in canonical(tmp_path / "b", as_text, part="rejects")] == ["unreadable_discount"]


def test_a_column_that_cannot_be_read_at_all_is_a_wrong_mapping(write_shop, tmp_path):
    lines = (
        "".join(f"A{n},ann,{n + 13}/01/2024,mug,1,2,,sale\n" for n in range(9)) + "B1,ann,2024-01-05,mug,1,2,,sale\n"
    )
    with pytest.raises(
        BadTable, match=r"9 values of orders\.at cannot be read as time.*'13/01/2024'.*set time_formats"
    ):
        ingest(Workspace(tmp_path / "home"), write_shop(lines))
    assert not (tmp_path / "home").exists()
    assert len(canonical(tmp_path, write_shop(lines, time_formats=["%d/%m/%Y"]))) == 10
