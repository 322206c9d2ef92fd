"""Rows without an order number, a time, a quantity or another required value (customers apart). They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.missing_required"
TITLE = "Rows without a value they need"
SEVERITY: Severity = "warning"
TABLES = ("customers", "orders", "products", "events", "touches", "feedback", "subscriptions")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    condition = "reason LIKE 'missing_%' AND reason <> 'missing_customer_id'"
    return rows_where(con, table, condition, show=("reason",))
