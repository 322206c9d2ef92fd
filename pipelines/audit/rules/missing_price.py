"""Some products lack the list price that at least half have."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "products.missing_price"
TITLE = "Products without a list price where most have one"
ADVICE = "Have the catalogue completed; discounts against the list price are unknown here."
SEVERITY = "note"
NEEDS = ("price",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = f"(SELECT count(price) >= 0.5 * count(*) FROM {table} WHERE reason IS NULL)"
    return rows_where(con, table, f"price IS NULL AND reason IS NULL AND {usual}", show=("product_id", "name"))
