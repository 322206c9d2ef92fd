"""The scratch database of an ingest: its schemas are the interfaces between sources, audit, privacy and cleaning.

It lies on disk, so that raw data larger than memory pass through it, and is deleted when the ingest ends.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.sql import connect, quoted

SCHEMAS = {
    "raw": "a view an alias of source.toml, over all of its files",
    "refused": "`lines`: text of raw files that is no row, with the reason, file and line (sources.text)",
    "guessed": "`encodings`: text files read in an encoding that nobody declared, by table (sources.guessed)",
    "one_file": "the same views over one file each, to stage file by file",
    "staged": "a table a SELECT: what it returned beside canonical types, with reasons for rejection (sources.stage)",
    "standing": "a view a staged table with corrections, as the audit reads it: what was replaced (ingest.corrections)",
    "statistics": "`now` and `before`: figures on every staged column at this ingest and the one before (audit)",
    "clean": "a table a canonical table, with the rows that are stored (ingest.cleaning)",
    "rejects": "a table a canonical table, with the rejected rows as they were returned (ingest.cleaning)",
    "coverage": "who has which values, and what those values tell about behaviour (audit)",
}
"""What each schema contains; ``main`` is for tables that one function makes and drops."""
GUESSED = "table_name VARCHAR, raw_file VARCHAR, encoding VARCHAR"
"""Columns of ``guessed.encodings``."""


@contextmanager
def scratch_database(folder: Path, timezone: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database in ``folder`` with all schemas; local times are read in ``timezone``."""
    with connect(str(folder / "ingest.duckdb"), timezone) as con:
        con.execute(f"SET temp_directory = {quoted(str(folder / 'spill'))}")
        # The audit reads the staged files some hundred times.
        con.execute("SET parquet_metadata_cache = true")
        create_schemas(con)
        yield con


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A temporary folder in ``root`` for the database and for parts that are not yet complete.

    It contains raw data, so ``root`` lies in the workspace, whose next writer deletes what a killed ingest left. An
    ingest that fails leaves no folder that was not there before.
    """
    made = [folder for folder in (root, root.parent) if not folder.exists()]
    root.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ingest-", dir=root) as folder:
            yield Path(folder)
    finally:
        for each in made:
            with suppress(OSError):  # it is in use meanwhile
                each.rmdir()


def create_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Make every schema that is not there yet, and the table that each rule of the audit may read."""
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    con.execute(f"CREATE TABLE IF NOT EXISTS guessed.encodings ({GUESSED})")


def set_present(con: duckdb.DuckDBPyConnection, present: datetime) -> None:
    """Rows at or after ``present`` (UTC) are in the future; SQL reads it as ``getvariable('present')``."""
    con.execute("SET VARIABLE present = ?", [present])
