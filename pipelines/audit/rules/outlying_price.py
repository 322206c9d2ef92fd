"""Prices twenty times above or below the median of their product. About a hundred times is a rule of its own."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.outlying_price"
TITLE = "Prices far off the usual price of the product"
ADVICE = "Look at the examples; correct a lost decimal point or another currency at the source."
NEEDS = ("product_id",)
LINES_MIN = 5
TIMES = 20


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = (
        "(SELECT order_id, product_id, unit_price, median(unit_price) OVER (PARTITION BY product_id) AS usual, "
        f"count(*) OVER (PARTITION BY product_id) AS lines FROM {table} WHERE unit_price > 0 AND NOT not_product)"
    )
    far = f"lines >= {LINES_MIN} AND greatest(unit_price / usual, usual / unit_price) > {TIMES}"
    cents = "greatest(unit_price / usual, usual / unit_price) BETWEEN 75 AND 133"
    return rows_where(con, usual, f"{far} AND NOT {cents}", show=("order_id", "product_id", "unit_price"))
