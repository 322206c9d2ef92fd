"""Prices near a hundred times the median of the product, or a hundredth: cents, or a lost decimal point."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.price_at_100_times"
TITLE = "Prices about a hundred times or a hundredth of the usual"
ADVICE = "Divide what is in cents or pence by 100 in orders.sql, or correct the lost decimal point at the source."
NEEDS = ("product_id",)
LINES_MIN = 5


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = (
        "(SELECT order_id, product_id, unit_price, median(unit_price) OVER (PARTITION BY product_id) AS usual, "
        f"count(*) OVER (PARTITION BY product_id) AS lines FROM {table} WHERE unit_price > 0 AND NOT not_product)"
    )
    near = "greatest(unit_price / usual, usual / unit_price) BETWEEN 75 AND 133"
    return rows_where(con, usual, f"lines >= {LINES_MIN} AND {near}", show=("order_id", "product_id", "unit_price"))
