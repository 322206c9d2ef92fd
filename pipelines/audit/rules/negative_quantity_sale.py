"""Sales of nothing or less: stock corrections, or returns that the source does not mark as such. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.quantity_not_positive_sale"
TITLE = "Sales with a quantity of zero or less"
ADVICE = "Mark returns as kind 'return' in orders.sql; leave stock corrections out."
SEVERITY: Severity = "warning"
TABLES = ("orders",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "kind = 'sale' AND quantity <= 0", show=("order_id", "at", "product_id", "quantity"))
