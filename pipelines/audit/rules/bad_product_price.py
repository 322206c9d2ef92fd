"""Products with a list price or cost below zero: corrections kept as products."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "products.negative_price"
TITLE = "Products with a negative price or cost"
ADVICE = "Correct the sign in the catalogue, or set such prices to NULL in products.sql."
SEVERITY: Severity = "warning"
TABLES = ("products",)
NEEDS = ("price",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "price < 0 OR unit_cost < 0", show=("product_id", "price", "unit_cost"))
