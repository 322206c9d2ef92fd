"""Rows that no customer can be credited with: guests, tills, corrections. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.missing_customer"
TITLE = "Rows without a customer"
ADVICE = "Find out whether these are guests; if an id was lost on the way, export it."
SEVERITY: Severity = "warning"
TABLES = ("customers", "identities", "orders", "events", "touches", "feedback", "subscriptions")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "customer_id IS NULL", show=())
