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
    return sum_where(con, table, condition, "1", show)


def sum_where(
    con: duckdb.DuckDBPyConnection, table: str, condition: str, counted: str, show: Sequence[str] = ()
) -> Found | None:
    """Like :func:`rows_where`, where a row counts as the whole number ``counted`` (SQL). Reads ``table`` once."""
    names = _may_be_shown(show)
    rows = f"FROM {table} WHERE {condition}"
    if not names:
        n = one_number(con, f"SELECT sum({counted}) {rows}")
        return Found(n) if n else None
    texts = ", ".join(f'CAST("{name}" AS VARCHAR) AS shown_{place}' for place, name in enumerate(names))
    found = con.execute(
        f"""SELECT *, sum(n) OVER () FROM (SELECT {texts}, sum({counted}) AS n {rows} GROUP BY ALL)
        ORDER BY ALL LIMIT {EXAMPLES_N}"""
    ).fetchall()
    if not found:
        return None
    shown = tuple({name: _as_text(value) for name, value in zip(names, row, strict=False)} for row in found)
    return Found(int(found[0][-1]), shown)


def _may_be_shown(show: Sequence[str]) -> list[str]:
    """``show`` without what is left out silently."""
    names = [name for name in show if name not in LEFT_OUT]
    personal = sorted(set(names) - SHOWN)
    if personal:
        raise ValueError(f"examples may not show {', '.join(personal)}: allowed are {', '.join(sorted(SHOWN))}")
    return names


def _as_text(value: object) -> str | None:
    """Text of a value; e-mail addresses are masked, because a shifted column can put one anywhere."""
    return None if value is None else _ADDRESS.sub("…@…", str(value))


def worst(findings: Iterable[Finding], n: int = 3) -> list[Finding]:
    """The findings to look at first: by severity, then by their share of the rows."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.share, f.code, f.table))[:n]
