"""Lines without a customer whose order has one on another line: an export that says so on the first line only."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.customer_on_another_line"
TITLE = "Order lines without a customer whose order has one"
ADVICE = (
    "Fill the customer from the other lines of the order in orders.sql: "
    "coalesce(customer_id, max(customer_id) OVER (PARTITION BY order_id))."
)
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    without = f"FROM {table} WHERE customer_id IS NULL"
    owned = f"SELECT order_id FROM {table} WHERE customer_id IS NOT NULL AND order_id IN (SELECT order_id {without})"
    return rows_where(con, table, f"customer_id IS NULL AND order_id IN ({owned})", show=("product_id", "quantity"))
