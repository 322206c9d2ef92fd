"""Databases and workbooks are sources like files: read only, each value as it is."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from features.errors import BadConfig, BadTable, NotFound
from pipelines.privacy.raw import contains
from pipelines.sources.databases import open_database
from pipelines.sources.read import raw_files
from tests.pipelines.sources.workbook import write_book

SQL = {
    "orders": """SELECT id AS order_id, who AS customer_id, "at", n AS quantity, price AS unit_price, 'sale' AS kind
        FROM sold"""
}
ROWS = [("1", "12", datetime(2024, 1, 5), 2.0, 19.99), ("2", "007", datetime(2024, 1, 6, 10), 1.0, 3.0)]


def read(rows):
    return [(row["order_id"], row["customer_id"], row["at"], row["quantity"], row["unit_price"]) for row in rows]


def shop(write_shop, url, **database):
    return write_shop(sql=SQL, files={}, database={"url": url, **database})


def sqlite_file(path):
    with sqlite3.connect(path) as con:
        con.execute('CREATE TABLE sold (id INTEGER, who, "at" TEXT, n REAL, price REAL)')
        rows = [(1, 12, "2024-01-05", 2, 19.99), (2, "007", "2024-01-06 10:00", 1, 3)]
        con.executemany("INSERT INTO sold VALUES (?, ?, ?, ?, ?)", rows)
        con.execute("CREATE TABLE secrets (x)")
    con.close()


def duckdb_file(path):
    with duckdb.connect(str(path)) as con:
        con.execute('CREATE TABLE sold (id BIGINT, who VARCHAR, "at" TIMESTAMP, n INTEGER, price DECIMAL(9, 2))')
        con.execute("INSERT INTO sold VALUES (1, '12', '2024-01-05', 2, 19.99), (2, '007', '2024-01-06 10:00', 1, 3)")
        con.execute("CREATE SCHEMA old")
        con.execute("CREATE VIEW old.sold AS FROM main.sold")


@pytest.mark.parametrize(("kind", "write"), [("sqlite", sqlite_file), ("duckdb", duckdb_file)])
def test_a_table_of_a_database_file_is_an_alias(write_shop, staged, kind, write):
    source = shop(write_shop, f"{kind}:///shop.db")
    write(source.raw / "shop.db")
    before = (source.raw / "shop.db").read_bytes()
    assert read(staged(source)) == ROWS
    assert (source.raw / "shop.db").read_bytes() == before
    assert [file.alias for file in raw_files(source)] == ["sold"]


def test_a_table_of_another_schema_gets_an_alias(write_shop, staged):
    sql = {"orders": SQL["orders"].replace("sold", "bought")}
    source = write_shop(sql=sql, files={}, database={"url": "duckdb:///shop.db", "tables": {"bought": "old.sold"}})
    duckdb_file(source.raw / "shop.db")
    assert read(staged(source)) == ROWS


def test_the_content_of_a_table_names_its_delivery(write_shop):
    source = shop(write_shop, "sqlite:///shop.db")
    sqlite_file(source.raw / "shop.db")
    before = [file.content() for file in raw_files(source)]
    assert [file.content() for file in raw_files(source)] == before
    with sqlite3.connect(source.raw / "shop.db") as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("UPDATE sold SET n = 3 WHERE id = 1")
    assert [file.content() for file in raw_files(source)] != before
    con.close()


def test_what_a_database_lacks_is_refused_in_one_sentence(write_shop, monkeypatch):
    source = shop(write_shop, "sqlite:///shop.db")
    with pytest.raises(NotFound, match=r"no database .*shop\.db"):
        raw_files(source)
    (source.raw / "shop.db").write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(BadTable, match=r"cannot read the SQLite database shop\.db"):
        raw_files(source)
    (source.raw / "shop.db").unlink()
    duckdb_file(source.raw / "shop.db")
    unknown = write_shop(sql={"orders": "FROM sole"}, files={}, database={"url": "duckdb:///shop.db"})
    with pytest.raises(BadTable, match=r"no alias 'sole': .* has sold"):
        raw_files(unknown)
    with pytest.raises(BadTable, match=r"has no table sole: it has old\.sold, sold"):
        raw_files(shop(write_shop, "duckdb:///shop.db", tables={"bought": "sole"}))
    with pytest.raises(BadConfig, match="'mysql' is no database that can be read"):
        shop(write_shop, "mysql://localhost/shop")
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    with pytest.raises(BadConfig, match="needs the variable SHOP_PASSWORD"):
        open_database("postgresql://reader:${SHOP_PASSWORD}@localhost/shop", Path())


@pytest.fixture(scope="module")
def server():
    """The URL of a PostgreSQL server of its own, on a socket in a temporary folder."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    psycopg = pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    if found is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    made = tempfile.TemporaryDirectory(prefix="coterie-pg-")  # the path of a socket must be short
    folder = Path(made.name)
    # The server refuses to run as root.
    as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "nobody", "nogroup")
    binaries = Path(found).resolve().parent
    run = {"check": True, "capture_output": True, "cwd": folder}
    subprocess.run([*as_user, binaries / "initdb", "-D", folder / "data", "-U", "shop", "--no-sync"], **run)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    control = [*as_user, binaries / "pg_ctl", "-D", folder / "data", "-w"]
    subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], **run)
    url = f"postgresql://shop@/postgres?host={folder}"
    try:
        with psycopg.connect(url) as con:
            con.execute(
                'CREATE TABLE sold (id bigint, who text, "at" timestamptz, n int, price numeric(9, 2), note uuid)'
            )
            con.execute("""INSERT INTO sold VALUES (1, '12', '2024-01-05 00:00Z', 2, 19.99, NULL),
                (2, '007', '2024-01-06 11:00+01', 1, 3, 'A1B2C3D4-0000-4000-8000-0000000000FF')""")
        yield url
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
        made.cleanup()


def test_a_postgresql_server_is_a_source_that_is_only_read(server, write_shop, staged):
    source = shop(write_shop, server)
    before = [file.content() for file in raw_files(source)]
    assert read(staged(source)) == ROWS
    assert [file.content() for file in raw_files(source)] == before
    database = open_database(server, Path())
    with pytest.raises(BadTable, match="cannot read the PostgreSQL database"):
        database.copy({"gone": "gone"}, source.folder)
    with pytest.raises(BadTable, match="read-only"), database.kind._reading(server) as con:
        con.execute("DELETE FROM sold")


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(tmp_path):
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    with pytest.raises(BadTable, match="cannot read the PostgreSQL database") as error:
        open_database(f"postgresql://shop:hunter2@/shop?host={tmp_path}", tmp_path).tables()
    assert "hunter2" not in str(error.value)


def test_a_sheet_is_read_by_its_name_below_its_title(write_shop, staged):
    source = write_shop(sql=SQL, files={"sold": "sold-*.xlsx"}, sheets={"sold": "Orders"})
    header = ["id", "who", "at", "n", "price"]
    book = [["Export of the shop"], [], header, [1, 12, date(2024, 1, 5), 2, 19.99],
            [2, "007", datetime(2024, 1, 6, 10), 1, 3]]  # fmt: skip
    write_book(source.raw / "sold-1.xlsx", {"Notes": [["x"]], "Orders": book})
    assert read(staged(source)) == ROWS


def test_a_workbook_with_several_sheets_needs_one_named(write_shop, staged):
    source = write_shop(sql=SQL, files={"sold": "sold.xlsx"})
    write_book(source.raw / "sold.xlsx", {"A": [["x"]], "B": [["x"]]})
    with pytest.raises(BadTable, match=r"sold\.xlsx has the sheets A, B: name one in source\.toml, as \[sheets\] sold"):
        staged(source)
    named = write_shop(sql=SQL, files={"sold": "sold.xlsx"}, sheets={"sold": "C"})
    with pytest.raises(BadTable, match=r"has no sheet 'C': name one of A, B"):
        staged(named)
    (source.raw / "sold.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(BadTable, match=r"cannot read sold\.xlsx as a workbook"):
        staged(source)


def test_a_person_is_found_in_workbooks_and_databases(tmp_path):
    write_book(tmp_path / "book.xlsx", {"A": [["x"], ["ann"]]})
    sqlite_file(tmp_path / "shop.db")
    duckdb_file(tmp_path / "shop.duckdb")
    assert contains(tmp_path / "book.xlsx", ["ann"])
    assert not contains(tmp_path / "book.xlsx", ["an"])
    for name in ("shop.db", "shop.duckdb"):
        assert contains(tmp_path / name, ["007"])
        assert not contains(tmp_path / name, ["bob"])
