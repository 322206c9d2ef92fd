"""Products without a category: features of taste fall back to single products."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "products.without_category"
TITLE = "Products without a category"
ADVICE = "Have the catalogue completed, best sellers first."
SEVERITY: Severity = "note"
TABLES = ("products",)
NEEDS = ("category",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "category IS NULL", show=("product_id", "name"))
