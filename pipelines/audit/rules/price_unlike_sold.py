"""The list price is five times above or below the median price on the order lines."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "products.price_unlike_sold"
TITLE = "Products listed at several times the price they sell at, or a fraction"
ADVICE = "Check that catalogue and order lines are in one currency and for one unit."
NEEDS = ("price", "orders.product_id")
TIMES = 5


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = """(SELECT product_id, median(unit_price) AS sold_at FROM orders
        WHERE reason IS NULL AND kind = 'sale' AND unit_price > 0 GROUP BY product_id HAVING count(*) >= 3)"""
    far = f"price > 0 AND (price > {TIMES} * sold_at OR price * {TIMES} < sold_at)"
    return rows_where(con, f"({table} JOIN {sold} USING (product_id))", far, show=("product_id", "price"))
