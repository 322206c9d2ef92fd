"""Prices twenty times above or below the median of their product: a shifted decimal point, or another currency."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.outlying_price"
TITLE = "Prices far off the usual price of the product"
SEVERITY: Severity = "warning"
TABLES = ("orders",)
LINES_MIN = 5
TIMES = 20


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = (
        "(SELECT order_id, product_id, unit_price, median(unit_price) OVER (PARTITION BY product_id) AS usual, "
        f"count(*) OVER (PARTITION BY product_id) AS lines FROM {table} WHERE unit_price > 0 AND NOT not_product)"
    )
    far = f"lines >= {LINES_MIN} AND (unit_price > {TIMES} * usual OR unit_price * {TIMES} < usual)"
    return rows_where(con, usual, far, show=("order_id", "product_id", "unit_price"))
