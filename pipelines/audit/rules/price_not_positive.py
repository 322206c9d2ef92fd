"""Gifts, samples, write-offs, corrections. Rejected; zero is kept where the source says zero_price = "keep"."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.price_not_positive"
TITLE = "Order lines with a price of zero or less"
ADVICE = 'Set zero_price = "keep" if giving away counts as buying; otherwise nothing needs doing.'
SEVERITY: Severity = "warning"
TABLES = ("orders",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "unit_price <= 0", show=("order_id", "at", "product_id", "unit_price"))
