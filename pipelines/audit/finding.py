"""What a rule found, and how a rule counts rows without showing anything about a person."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from features.tables import CUSTOMERS, PERSONAL, TABLES
from pipelines.sql import one_number

Severity = Literal["note", "warning", "error"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
EXAMPLES_N = 5
# A rule may name the order it is about, and that is left out: the shop's own systems lead from an order to its buyer.
LEFT_OUT = frozenset({"order_id"})
_ADDRESS = re.compile(r"\S+@\S+")


def _shown() -> frozenset[str]:
    """Columns that say nothing about a person: those of no profile and not personal, and the reason of a reject."""
    tables = [table for table in TABLES.values() if table is not CUSTOMERS]
    plain = {column.name for table in tables for column in table.columns} - PERSONAL
    return frozenset(plain | {f"returned_{name}" for name in plain} | {"reason"})


SHOWN = _shown()
"""The only columns that an example may show."""


@dataclass(frozen=True)
class Found:
    """How many rows a rule is about, and up to five of them (shown columns only, as text)."""

    count: int
    examples: tuple[Mapping[str, str | None], ...] = ()


@dataclass(frozen=True)
class Finding:
    """A rule's answer on one table of ``rows`` rows."""

    code: str
    title: str
    severity: Severity
    table: str
    count: int
    rows: int
    examples: tuple[Mapping[str, str | None], ...]
    advice: str = ""

    @property
    def share(self) -> float:
        """``count`` over the rows of the table, 0 to 1 where rows are counted; 0 for an empty table."""
        return self.count / max(self.rows, 1)


def rows_where(con: duckdb.DuckDBPyConnection, table: str, condition: str, show: Sequence[str] = ()) -> Found | None:
    """Count the rows of ``table`` that meet ``condition``; None if there are none. ``table`` may be a subquery.

    Examples are the smallest five distinct by the columns of ``show``, so that equal data give equal examples.

    Raises:
        ValueError: ``show`` has a column that may say something about a person.
    """
    count = one_number(con, f"SELECT count(*) FROM {table} WHERE {condition}")
    if count == 0:
        return None
    return Found(count, examples_of(con, f"FROM {table} WHERE {condition}", show))


def examples_of(con: duckdb.DuckDBPyConnection, rows: str, show: Sequence[str]) -> tuple[Mapping[str, str | None], ...]:
    """The first five distinct rows of ``rows`` ("FROM ... WHERE ..."), columns of ``show`` only, as text."""
    show = [name for name in show if name not in LEFT_OUT]
    personal = sorted(set(show) - SHOWN)
    if personal:
        raise ValueError(f"examples may not show {', '.join(personal)}: allowed are {', '.join(sorted(SHOWN))}")
    if not show:
        return ()
    columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in show)
    found = con.execute(f"SELECT DISTINCT {columns} {rows} ORDER BY ALL LIMIT {EXAMPLES_N}").fetchall()
    return tuple({name: _as_text(value) for name, value in zip(show, row, strict=True)} for row in found)


def _as_text(value: object) -> str | None:
    """Text of a value; e-mail addresses are masked, because a shifted column can put one anywhere."""
    return None if value is None else _ADDRESS.sub("…@…", str(value))


def worst(findings: Iterable[Finding], n: int = 3) -> list[Finding]:
    """The findings to look at first: by severity, then by their share of the rows."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.share, f.code, f.table))[:n]
