"""Rows with a date, number or truth value that cannot be read as one. They are rejected with their original text."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.unreadable"
TITLE = "Rows with a value that cannot be read"
SEVERITY: Severity = "warning"
TABLES = ("customers", "orders", "products", "events", "touches", "feedback", "subscriptions")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason LIKE 'unreadable_%'", show=("reason",))
