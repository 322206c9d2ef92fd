"""Quantities a thousand times the median of their product: typing errors, often cancelled at once."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.outlying_quantity"
TITLE = "Quantities far above the usual of the product"
ADVICE = "Look at the examples and at whether they were cancelled; correct typing errors at the source."
SEVERITY = "note"
NEEDS = ("product_id",)
LINES_MIN = 5
TIMES = 1000


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = (
        "(SELECT order_id, product_id, quantity, median(abs(quantity)) OVER (PARTITION BY product_id) AS usual, "
        f"count(*) OVER (PARTITION BY product_id) AS lines FROM {table} WHERE NOT not_product)"
    )
    far = f"lines >= {LINES_MIN} AND abs(quantity) > {TIMES} * usual"
    return rows_where(con, usual, far, show=("order_id", "product_id", "quantity"))
