"""Products whose list price does not cover their cost: loss leaders, or two currencies."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "products.price_below_cost"
TITLE = "Products listed below their cost"
ADVICE = "Check that price and cost are of one unit and currency."
SEVERITY: Severity = "note"
TABLES = ("products",)
NEEDS = ("price", "unit_cost")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "price < unit_cost", show=("product_id", "price", "unit_cost"))
