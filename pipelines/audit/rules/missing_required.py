"""Rows without an order number, a time, a quantity or another required value (customers apart). They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.missing_required"
TITLE = "Rows without a value they need"
ADVICE = "Look at the rejects with this reason and correct the SQL or the export."
SEVERITY: Severity = "warning"
TABLES = ("customers", "identities", "orders", "products", "events", "touches", "feedback", "subscriptions")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    condition = "reason LIKE 'missing_%' AND reason <> 'missing_customer_id'"
    return rows_where(con, table, condition, show=("reason",))
