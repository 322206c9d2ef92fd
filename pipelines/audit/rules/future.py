"""Rows dated at or after the present: a clock or a date format is wrong. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.in_the_future"
TITLE = "Rows dated in the future"
ADVICE = "Check the time zone and the date format of the source; correct the clock of the system that wrote them."
SEVERITY: Severity = "error"
TABLES = ("orders", "events", "touches", "feedback")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason = 'in_the_future'", show=("at",))
