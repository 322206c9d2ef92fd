"""Column statistics: what each table looked like at an ingest, in figures that reveal nothing about a person.

``statistics.json`` of an ingest has, for every column that the source returned: how many of 1,000 values are blank, the
distinct values as a power of two, how many of 1,000 texts read as numbers or as dates, and the type; for every
table its rows and its first and last day. Drift rules compare ``statistics.now`` with ``statistics.before``.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from features.tables import TABLES
from pipelines.scratch import set_present
from pipelines.sql import one_number

FILE = "statistics.json"
# Its name in older workspaces, which are still compared with.
FORMER_FILE = "profile.json"
MANY_ROWS = 100_000
ONE_IN = 16
_COLUMNS = (
    "table_name VARCHAR, rows BIGINT, first_day VARCHAR, last_day VARCHAR, column_name VARCHAR, type VARCHAR, "
    "blank_permille INTEGER, distinct_bucket INTEGER, numbers_permille INTEGER, dates_permille INTEGER"
)
_NAMES = tuple(column.split()[0] for column in _COLUMNS.split(", "))


def recall(con: duckdb.DuckDBPyConnection, before: Path | None, present: datetime) -> None:
    """Give the rules ``statistics.before``, unless this is the first ingest, and ``getvariable('present')``."""
    set_present(con, present)
    stored = [] if before is None else [before / name for name in (FILE, FORMER_FILE)]
    for path in [path for path in stored if path.is_file()][:1]:
        rows = json.loads(path.read_text(encoding="utf-8"))["columns"]
        _store(con, "before", [tuple(row.get(name) for name in _NAMES) for row in rows])


def take_statistics(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Write ``statistics.now`` from the staged tables."""
    _store(con, "now", [row for table in tables for row in _statistics_of(con, table)])


def write_statistics(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write ``statistics.now`` as ``statistics.json``."""
    rows = con.execute(f"SELECT {', '.join(_NAMES)} FROM statistics.now ORDER BY ALL").fetchall()
    columns = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    text = json.dumps({"columns": columns}, indent=1, sort_keys=True)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def _store(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TABLE statistics.{name} ({_COLUMNS})")
    if rows:
        places = f"({', '.join('?' * len(_NAMES))})"
        values = [value for row in rows for value in row]
        con.execute(f"INSERT INTO statistics.{name} VALUES {', '.join([places] * len(rows))}", values)


def _statistics_of(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    described = con.execute(f'DESCRIBE staged."{table}"').fetchall()
    types = {name: type_ for name, type_, *_ in described}
    columns = [name.removeprefix("returned_") for name in types if name.startswith("returned_")]
    time = TABLES[table].time
    days = (
        f"strftime(min(\"{time}\"), '%Y-%m-%d'), strftime(max(\"{time}\"), '%Y-%m-%d')"
        if time
        else "max(NULL), max(NULL)"
    )
    rows = one_number(con, f'SELECT count(*) FROM staged."{table}"')
    first, last = con.execute(f'SELECT {days} FROM staged."{table}" WHERE reason IS NULL').fetchall()[0]
    # Parsing is expensive, so of a large table only a sample is parsed.
    sampled = f"fingerprint % {ONE_IN} = 0" if rows >= MANY_ROWS else "true"
    filled = _two_a_column(con, table, "true", [_filled(name) for name in columns])
    parsed = _two_a_column(con, table, sampled, [_parsed(name, types[name] == "VARCHAR") for name in columns])
    return [
        (table, rows, first, last, name, types[f"returned_{name}"], *of_all, *of_sample)
        for name, of_all, of_sample in zip(columns, filled, parsed, strict=True)
    ]


def _two_a_column(
    con: duckdb.DuckDBPyConnection, table: str, condition: str, figures: Sequence[tuple[str, str]]
) -> list[tuple[int, int]]:
    asked = ", ".join(f"CAST(round({figure}) AS INTEGER)" for two in figures for figure in two)
    found = con.execute(f'SELECT {asked} FROM staged."{table}" WHERE {condition}').fetchall()[0]
    return list(zip(found[::2], found[1::2], strict=True))


def _filled(name: str) -> tuple[str, str]:
    """SQL of how many of 1,000 values are blank, and of the distinct values as a power of two."""
    value = f'"{name}"'
    return (
        f"1000 * (1 - count({value}) / greatest(count(*), 1))",
        f"log2(greatest(approx_count_distinct({value}), 1))",
    )


def _parsed(name: str, is_text: bool) -> tuple[str, str]:
    """SQL of how many of 1,000 texts read as numbers, and how many as dates."""
    if not is_text:
        return "0", "0"
    value = f'"{name}"'
    dates = f"regexp_matches({value}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
    return (
        f"1000 * count(TRY_CAST({value} AS DOUBLE)) / greatest(count({value}), 1)",
        f"1000 * count(*) FILTER ({dates}) / greatest(count({value}), 1)",
    )
