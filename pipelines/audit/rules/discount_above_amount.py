"""Discounts larger than the line: a percentage read as money or an order's discount on each line. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.discount_above_amount"
TITLE = "Order lines with more money off than they cost"
ADVICE = (
    "Return money off the whole line as discount: turn percentages into money and split an order's discount "
    "over its lines."
)
SEVERITY: Severity = "warning"
TABLES = ("orders",)
NEEDS = ("discount",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(
        con,
        table,
        "quantity > 0 AND unit_price > 0 AND discount > quantity * unit_price",
        show=("order_id", "quantity", "unit_price", "discount"),
    )
