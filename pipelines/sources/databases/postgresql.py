"""PostgreSQL servers, read in one read-only transaction. Columns keep their types where DuckDB has the same."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadTable
from pipelines.sql import connect, identifier, quoted

TYPES = {
    "smallint": "BIGINT", "integer": "BIGINT", "bigint": "BIGINT", "double precision": "DOUBLE", "real": "DOUBLE",
    "boolean": "BOOLEAN", "date": "DATE", "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}  # fmt: skip
"""PostgreSQL's types and DuckDB's that contain the same values; numeric(p, s) is DECIMAL; all others are text."""
DIGITS = 38
PASSWORD = re.compile(r"://[^@\s]*@")
LONGEST_LINE = 64 * 1024**2


def tables(place: str) -> list[str]:
    """Names of the tables and views that may be read; those outside the search path as ``schema.table``."""
    listed = """SELECT table_schema, table_name, table_schema = ANY (current_schemas(false))
        FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
        ORDER BY table_schema, table_name"""
    with _reading(place) as con:
        return [name if usual else f"{schema}.{name}" for schema, name, usual in con.execute(listed).fetchall()]


def content(place: str, table: str) -> str:
    """SHA-256 of two sums of hashes over all rows, which the server computes; the order of the rows does not matter."""
    sums = ", ".join(f"sum(hashtextextended(CAST(whole_row AS text), {seed})::numeric)" for seed in (0, 1))
    with _reading(place) as con:
        found = con.execute(f"SELECT count(*), {sums} FROM {_name(table)} AS whole_row").fetchone()
        return hashlib.sha256(str([table, *(str(figure) for figure in found)]).encode()).hexdigest()


def copy(place: str, tables: Mapping[str, str], folder: Path) -> None:
    """Copy tables as they are at one moment."""
    with _reading(place) as con:
        for alias, table in tables.items():
            text = folder / f".{alias}.csv"
            types = _types(con, table)
            query = f"COPY (SELECT * FROM {_name(table)}) TO STDOUT (FORMAT csv)"
            with text.open("wb") as file, con.cursor().copy(query) as rows:
                for piece in rows:
                    file.write(piece)
            _to_parquet(text, types, folder / f"{alias}.parquet")
            text.unlink()


def _types(con: Any, table: str) -> dict[str, str]:
    """Names of the columns and the types of DuckDB in which they arrive."""
    listed = """SELECT attname, format_type(atttypid, NULL), format_type(atttypid, atttypmod)
        FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
    return {name: _type(plain, full) for name, plain, full in con.execute(listed, [_name(table)]).fetchall()}


def _type(plain: str, full: str) -> str:
    if plain == "numeric" and "(" in full:
        digits, scale = (int(part) for part in full.removeprefix("numeric(").rstrip(")").split(","))
        return f"DECIMAL({digits}, {scale})" if 0 <= scale <= digits <= DIGITS else "VARCHAR"
    return TYPES.get(plain, "VARCHAR")


def _to_parquet(text: Path, types: Mapping[str, str], path: Path) -> None:
    """Columns of the server's CSV as their types; as text where a value has no place in it (infinity, BC)."""
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in types)
    rows = f"""read_csv({quoted(str(text))}, header = false, columns = {{{columns}}}, delim = ',', quote = '"',
        escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false,
        max_line_size = {LONGEST_LINE})"""
    with connect() as con:
        con.execute(f"CREATE VIEW rows AS FROM {rows}")
        typed = {name: type_ for name, type_ in types.items() if type_ != "VARCHAR"}
        lost = [
            f"count(*) FILTER ({identifier(name)} IS NOT NULL AND TRY_CAST({identifier(name)} AS {type_}) IS NULL)"
            for name, type_ in typed.items()
        ]
        found = con.execute(f"SELECT {', '.join(lost)} FROM rows").fetchall()[0] if lost else ()
        whole = {name for name, n in zip(typed, found, strict=True) if n == 0}
        listed = ", ".join(
            f"CAST({identifier(name)} AS {types[name] if name in whole else 'VARCHAR'}) AS {identifier(name)}"
            for name in types
        )
        con.execute(f"COPY (SELECT {listed} FROM rows) TO {quoted(str(path))} (FORMAT parquet)")


def _name(table: str) -> str:
    return ".".join(identifier(part) for part in table.split(".", 1))


@contextmanager
def _reading(place: str) -> Iterator[Any]:
    """A connection in a read-only transaction that sees one moment, with the settings that values are written by."""
    try:
        import psycopg
    except ImportError:
        raise BadTable("PostgreSQL needs its driver: pip install 'coterie[postgres]'") from None
    url = f"postgresql://{place.partition('://')[2]}"
    settings = "-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=3"
    try:
        with psycopg.connect(url, options=settings, connect_timeout=10) as con:
            con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield con
    except (psycopg.Error, duckdb.Error) as error:
        found = PASSWORD.sub("://…@", (str(error).strip().splitlines() or [type(error).__name__])[0])
        raise BadTable(f"cannot read the PostgreSQL database ({found}): check [database] url in source.toml") from None
