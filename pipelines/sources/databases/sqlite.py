"""SQLite files. A column may hold values of several types, so each value arrives as its own text."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from features.errors import BadTable
from pipelines.sources.cells import text_of_cell, write_texts
from pipelines.sql import identifier


def tables(place: str) -> list[str]:
    """Names of the tables and views."""
    listed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    with _reading(place) as con:
        return [str(name) for (name,) in con.execute(listed)]


def content(place: str, table: str) -> str:  # noqa: ARG001 - all tables of a file change with the file
    """SHA-256 of the file and of what is committed beside it."""
    digest = hashlib.sha256()
    for path in (Path(place), Path(f"{place}-wal")):
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def copy(place: str, tables: Mapping[str, str], folder: Path) -> None:
    """Copy tables as they are at one moment."""
    with _reading(place) as con:
        con.execute("BEGIN")
        for alias, table in tables.items():
            rows = con.execute(f"SELECT * FROM {identifier(table)}")
            write_texts(folder / f"{alias}.parquet", [name for name, *_ in rows.description], rows)


def cells(place: str) -> Iterator[str]:
    """The text of every cell of every table."""
    names = tables(place)
    with _reading(place) as con:
        for table in names:
            for row in con.execute(f"SELECT * FROM {identifier(table)}"):
                yield from (text for value in row if (text := text_of_cell(value)) is not None)


@contextmanager
def _reading(place: str) -> Iterator[sqlite3.Connection]:
    name = Path(place).name
    try:
        con = sqlite3.connect(f"file:{quote(str(Path(place).absolute()))}?mode=ro", uri=True)
        con.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            yield con
        finally:
            con.close()
    except sqlite3.Error as error:
        raise BadTable(f"cannot read the SQLite database {name} ({error}): check that it is one, and whole") from None
