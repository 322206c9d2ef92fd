"""The profile: what each table looked like at an ingest, in figures that tell nothing about a person.

``profile.json`` of an ingest holds, for every column that the source returned: how many of 1,000 values are blank, the
distinct values as a power of two, how many of 1,000 texts read as numbers or as dates, and the type; for every
table its rows and its first and last day. Drift rules compare ``profiles.now`` with ``profiles.before``.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from features.tables import TABLES
from pipelines.scratch import set_present
from pipelines.sql import one_number

FILE = "profile.json"
MANY_ROWS = 100_000
ONE_IN = 16
_COLUMNS = (
    "table_name VARCHAR, rows BIGINT, first_day VARCHAR, last_day VARCHAR, column_name VARCHAR, type VARCHAR, "
    "blank_permille INTEGER, distinct_bucket INTEGER, numbers_permille INTEGER, dates_permille INTEGER"
)
_NAMES = tuple(column.split()[0] for column in _COLUMNS.split(", "))
Given = Mapping[str, frozenset[str]]
"""The columns that the source returned, by staged table."""


def recall(con: duckdb.DuckDBPyConnection, before: Path | None, present: datetime) -> None:
    """Make ``profiles.before`` and ``getvariable('present')`` known to the rules; the first ingest has no profile."""
    set_present(con, present)
    path = None if before is None else before / FILE
    if path is None or not path.is_file():
        return
    rows = json.loads(path.read_text(encoding="utf-8"))["columns"]
    _store(con, "before", [tuple(row.get(name) for name in _NAMES) for row in rows])


def take_profile(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Write ``profiles.now`` from the staged tables."""
    _store(con, "now", [row for table in tables for row in _profile_of(con, table)])


def write_profile(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write ``profiles.now`` as ``profile.json``."""
    rows = con.execute(f"SELECT {', '.join(_NAMES)} FROM profiles.now ORDER BY ALL").fetchall()
    columns = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    text = json.dumps({"columns": columns}, indent=1, sort_keys=True)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def given_columns(con: duckdb.DuckDBPyConnection) -> Given:
    """Columns that the source returned, by staged table; ``profiles`` holds ``before`` if there is one."""
    rows = con.execute(
        """SELECT table_name, column_name FROM duckdb_columns()
        WHERE schema_name = 'staged' AND starts_with(column_name, 'returned_')"""
    ).fetchall()
    given: dict[str, set[str]] = {}
    for table, column in rows:
        given.setdefault(table, set()).add(column.removeprefix("returned_"))
    past = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'profiles'").fetchall()
    given["profiles"] = {name for (name,) in past}
    return {table: frozenset(columns) for table, columns in given.items()}


def _store(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TABLE profiles.{name} ({_COLUMNS})")
    if rows:
        row = f"({', '.join('?' * len(_NAMES))})"
        values = [value for given in rows for value in given]
        con.execute(f"INSERT INTO profiles.{name} VALUES {', '.join([row] * len(rows))}", values)


def _profile_of(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    described = con.execute(f'DESCRIBE staged."{table}"').fetchall()
    types = {name: type_ for name, type_, *_ in described}
    columns = [name.removeprefix("returned_") for name in types if name.startswith("returned_")]
    time = TABLES[table].time
    days = (
        f"strftime(min(\"{time}\"), '%Y-%m-%d'), strftime(max(\"{time}\"), '%Y-%m-%d')"
        if time
        else "max(NULL), max(NULL)"
    )
    asked = ", ".join(figure for name in columns for figure in _figures(name, types[name] == "VARCHAR"))
    rows = one_number(con, f'SELECT count(*) FROM staged."{table}"')
    first, last = con.execute(f'SELECT {days} FROM staged."{table}" WHERE reason IS NULL').fetchall()[0]
    sampled = f"fingerprint % {ONE_IN} = 0" if rows >= MANY_ROWS else "true"
    found = con.execute(f'SELECT {asked} FROM (SELECT *, {sampled} AS _sampled FROM staged."{table}")').fetchall()[0]
    per_column = [found[4 * place : 4 * place + 4] for place in range(len(columns))]
    return [
        (table, rows, first, last, name, types[f"returned_{name}"], *figures)
        for name, figures in zip(columns, per_column, strict=True)
    ]


def _figures(name: str, is_text: bool) -> list[str]:
    """SQL of the four figures of a column, in the order of ``_NAMES``; reading texts is dear, so many are sampled."""
    value = f'"{name}"'
    read = f"count({value}) FILTER (_sampled)"
    numbers = f"count(*) FILTER (_sampled AND TRY_CAST({value} AS DOUBLE) IS NOT NULL)"
    dates = f"count(*) FILTER (_sampled AND regexp_matches({value}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'))"
    shares = [f"CAST(round(1000 * {part} / greatest({read}, 1)) AS INTEGER)" for part in (numbers, dates)]
    return [
        f"CAST(round(1000 * (1 - count({value}) / greatest(count(*), 1))) AS INTEGER)",
        f"CAST(round(log2(greatest(approx_count_distinct({value}), 1))) AS INTEGER)",
        *(shares if is_text else ["0", "0"]),
    ]
