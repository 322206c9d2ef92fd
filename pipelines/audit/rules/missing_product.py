"""Order lines that name no product: kept, but they blur breadth and category features."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.missing_product"
TITLE = "Order lines without a product"
ADVICE = "Return the product of every line, or list what is no product under [not_products]."
SEVERITY: Severity = "warning"
TABLES = ("orders",)
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "product_id IS NULL", show=("order_id", "at", "quantity", "unit_price"))
