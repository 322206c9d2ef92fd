"""Raw files in which a person still occurs: they belong to the shop, so coterie only lists them.

The rows of a database server are not looked at: erase the person there too.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from features.errors import CoterieError
from pipelines.sources.databases import sqlite
from pipelines.sources.excel import ENDINGS as EXCEL_ENDINGS
from pipelines.sources.excel import cells_of
from pipelines.sources.read import raw_files
from pipelines.sources.source import load_source
from pipelines.sources.text.dialect import find_encoding
from pipelines.sources.text.reader import ENDINGS
from pipelines.sources.text.streams import opened, texts_in, utf8
from pipelines.sql import connect, identifier, parquet
from pipelines.workspace import Workspace

HEAD_BYTES = 1 << 16
# With what the files of databases begin: DuckDB's after a checksum of 8 bytes.
SQLITE, DUCKDB = b"SQLite forma", b"DUCK"


def raw_files_holding(workspace: Workspace, last: dict[str, Any] | None, ids: Collection[str]) -> list[Path]:
    """Files of the last ingest, and of the simulation in the workspace, that contain one of ``ids`` as a word."""
    paths = {path for path in (workspace.home / "raw").rglob("*") if path.is_file()} | _last_files(last)
    return sorted(path for path in paths if contains(path, ids))


def contains(path: Path, ids: Collection[str]) -> bool:
    """Whether a file has one of ``ids`` as a word; what is packed, a workbook or a table is looked through."""
    if path.suffix == ".parquet":
        with connect() as con:
            return _in_rows(con, parquet(path), ids)
    begins = _beginning(path)
    if begins[8:] == DUCKDB:
        with duckdb.connect(str(path), read_only=True) as con:
            return any(_in_rows(con, table, ids) for table in _tables(con))
    written = {word for id_ in ids for word in _written(id_)}
    words = re.compile(rb"(?<![\w-])(?:" + b"|".join(map(re.escape, sorted(written))) + rb")(?![\w-])")
    if path.suffix.lower() in EXCEL_ENDINGS:
        return any(words.search(cell.encode()) for cell in cells_of(path))
    if begins.startswith(SQLITE):
        return any(words.search(cell.encode()) for cell in sqlite.cells(str(path)))
    longest = max(map(len, written)) + 2
    tail = b""
    for piece in _pieces(path):
        if words.search(tail + piece):
            return True
        tail = (tail + piece)[-longest:]
    return False


def _written(id_: str) -> Iterator[bytes]:
    """The id as UTF-8 and, where it can be, as cp1252, in which files of western Europe may be."""
    yield id_.encode()
    with suppress(UnicodeEncodeError):
        yield id_.encode("cp1252")


def _pieces(path: Path) -> Iterator[bytes]:
    """The unpacked content piece by piece; text in UTF-16 as UTF-8."""
    for text in texts_in(path):
        with opened(text) as file:
            encoding = find_encoding(file.read(HEAD_BYTES), None) if text.ending.endswith(ENDINGS) else "utf-8"
        with opened(text) as file:
            yield from utf8(file, encoding, newline="\n")


def _in_rows(con: duckdb.DuckDBPyConnection, rows: str, ids: Collection[str]) -> bool:
    names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
    tests = " OR ".join(f"list_contains($1, trim(CAST({identifier(name)} AS VARCHAR)))" for name in names)
    found = con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {rows} WHERE {tests} LIMIT 1)", [list(ids)])
    return bool(found.fetchall()[0][0])


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    listed = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    return [f"{identifier(schema)}.{identifier(table)}" for schema, table in con.execute(listed).fetchall()]


def _last_files(last: dict[str, Any] | None) -> set[Path]:
    """The files the last ingest would read now; none if its source or they are gone."""
    if last is None:
        return set()
    try:
        files = raw_files(load_source(last["source"]), Path(last["raw"]) if last["raw"] else None)
        return {file.path for file in files if file.path.is_file()}  # the table of a server is no file
    except CoterieError:
        return set()
