"""Products of the catalogue that were never sold."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "products.never_sold"
TITLE = "Products that no order line names"
ADVICE = (
    "Nothing needs doing if they are new or gone; if there are many, ids may be written differently in the two tables."
)
SEVERITY = "note"
NEEDS = ("orders.product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = "(SELECT product_id FROM orders WHERE product_id IS NOT NULL)"
    return rows_where(con, table, f"reason IS NULL AND product_id NOT IN {sold}", show=("product_id", "name"))
