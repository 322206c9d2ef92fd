"""DuckDB files. Columns keep their types; a view of the file reads that file only."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from features.errors import BadTable
from pipelines.sources.sandbox import confine
from pipelines.sql import MEMORY, THREADS, identifier, quoted


def tables(place: str) -> list[str]:
    """Names of the tables and views; those outside the schema main as ``schema.table``."""
    listed = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database()"
    with _reading(place, Path(place).parent) as con:
        found = con.execute(listed).fetchall()
    return sorted(name if schema == "main" else f"{schema}.{name}" for schema, name in found)


def content(place: str, table: str) -> str:  # noqa: ARG001 - all tables of a file change with the file
    """SHA-256 of the file and of what is committed beside it."""
    digest = hashlib.sha256()
    for path in (Path(place), Path(f"{place}.wal")):
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def copy(place: str, tables: Mapping[str, str], folder: Path) -> None:
    """Copy tables as they are at one moment."""
    with _reading(place, folder) as con:
        for alias, table in tables.items():
            name = ".".join(identifier(part) for part in table.split(".", 1))
            con.execute(f"COPY (FROM {name}) TO {quoted(str(folder / f'{alias}.parquet'))} (FORMAT parquet)")


@contextmanager
def _reading(place: str, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    name = Path(place).name
    try:
        with duckdb.connect(place, read_only=True) as con:
            con.execute(f"SET threads = {THREADS}")
            con.execute(f"SET memory_limit = '{MEMORY}'")
            confine(con, [], [folder])
            yield con
    except duckdb.Error as error:
        found = str(error).splitlines()[0]
        raise BadTable(
            f"cannot read the DuckDB database {name} ({found}): close the program that writes it, or check that the "
            "file is a database and whole"
        ) from None
