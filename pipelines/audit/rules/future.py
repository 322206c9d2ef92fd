"""Rows dated at or after the present: a clock or a date format is wrong. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.in_the_future"
TITLE = "Rows dated in the future"
SEVERITY: Severity = "error"
TABLES = ("orders", "events", "touches", "feedback")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason = 'in_the_future'", show=("at",))
