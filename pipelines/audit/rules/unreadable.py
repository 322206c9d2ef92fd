"""Rows with a date, number or truth value that cannot be read as one. They are rejected with their original text."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.unreadable"
TITLE = "Rows with a value that cannot be read"
ADVICE = "Look at the rejects with this reason; add the format to time_formats or correct the export."
SEVERITY: Severity = "warning"
TABLES = ("customers", "identities", "orders", "products", "events", "touches", "feedback", "subscriptions")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason LIKE 'unreadable_%'", show=("reason",))
