"""What several folders do with DuckDB, once: connecting, quoting, lists of columns, counting, reading Parquet."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

THREADS = 2
MEMORY = "1GB"
"""How much DuckDB keeps in memory before it spills, however large the data."""


def connect(database: str = ":memory:", timezone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """A connection that never fetches extensions; times with a zone are shown in ``timezone``.

    Beyond ``MEMORY`` it spills to a temporary folder of its own.
    """
    con = duckdb.connect(database)
    con.execute(f"SET threads = {THREADS}")
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute(f"SET temp_directory = {quoted(f'{tempfile.gettempdir()}/coterie-spill-{uuid.uuid4().hex}')}")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute(f"SET TimeZone = {quoted(timezone)}")
    return con


def quoted(text: str) -> str:
    """A SQL string literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A SQL name in double quotes.

    >>> identifier("at")
    '"at"'
    """
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str]) -> str:
    """A list of columns.

    >>> listed(["order_id", "at"])
    '"order_id", "at"'
    """
    return ", ".join(identifier(name) for name in names)


def as_texts(names: Iterable[str]) -> str:
    """A list of columns as text: DuckDB hands out times with a zone only where a further library is installed.

    >>> as_texts(["at"])
    'CAST("at" AS VARCHAR) AS "at"'
    """
    return ", ".join(f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}" for name in names)


def quoted_list(texts: Iterable[str]) -> str:
    """SQL string literals in brackets, to be looked for with IN.

    >>> quoted_list(["sale", "return"])
    "('sale', 'return')"
    """
    return f"({', '.join(quoted(text) for text in texts)})"


def parquet(*paths: Path) -> str:
    """A table function over Parquet files; a column that some of them lack is null there."""
    files = ", ".join(quoted(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true)"


def one_number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """The whole number a query returns; 0 if it returns null. An UPDATE or DELETE returns the rows it changed."""
    return int(con.execute(query).fetchall()[0][0] or 0)


@contextmanager
def search_path(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """Unqualified table names are looked up in ``schema`` while the block runs, and in ``main`` after it."""
    con.execute(f"SET search_path = {quoted(schema)}")
    try:
        yield
    finally:
        con.execute("SET search_path = 'main'")
