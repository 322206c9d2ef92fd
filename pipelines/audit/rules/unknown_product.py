"""Products that were sold or seen but are not in the products table: they have no category. The rows stay."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "any.unknown_product"
TITLE = "Rows about a product that products lacks"
ADVICE = "Export the whole catalogue, with products no longer sold."
TABLES = ("orders", "events")
NEEDS = ("product_id", "products")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    goods = "AND NOT not_product" if table == "orders" else ""
    unknown = f"product_id NOT IN (SELECT product_id FROM products WHERE product_id IS NOT NULL) {goods}"
    return rows_where(con, table, unknown, show=("product_id",))
