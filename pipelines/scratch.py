"""The scratch database of an ingest: its schemas are the interfaces between sources, audit, privacy and cleaning.

It lies on disk, so that raw data larger than memory pass through it, and is deleted when the ingest ends.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.sql import connect, quoted

SCHEMAS = {
    "raw": "a view an alias of source.toml, over all of its files",
    "refused": "`lines`: text of raw files that is no row, with the reason, file and line (sources.text)",
    "one_file": "the same views over one file each, to stage file by file",
    "staged": "a table a SELECT: what it returned beside canonical types, with reasons for rejection (sources.stage)",
    "statistics": "`now` and `before`: figures on every staged column at this ingest and the one before (audit)",
    "clean": "a table a canonical table, with the rows that are stored (ingest.cleaning)",
    "rejects": "a table a canonical table, with the rejected rows as they were returned (ingest.cleaning)",
    "coverage": "who has which values, and what those values tell about behaviour (audit)",
}
"""What each schema contains; ``main`` is for tables that one function makes and drops."""


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
def scratch_folder() -> Iterator[Path]:
    """A temporary folder for the database and for parts that are not yet complete."""
    with tempfile.TemporaryDirectory(prefix="coterie-ingest-") as folder:
        yield Path(folder)


def create_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Make every schema that is not there yet."""
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")


def set_present(con: duckdb.DuckDBPyConnection, present: datetime) -> None:
    """Rows at or after ``present`` (UTC) are in the future; SQL reads it as ``getvariable('present')``."""
    con.execute("SET VARIABLE present = ?", [present])
