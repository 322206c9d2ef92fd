"""Rows dated before 1970, or on its first day: a placeholder for no date. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.before_1970"
TITLE = "Rows dated before 1970"
ADVICE = "Map the placeholder date to NULL in the SQL, or find the true date in the shop's system."
SEVERITY: Severity = "error"
TABLES = ("orders", "events", "touches", "feedback")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason = 'before_1970'", show=("at",))
