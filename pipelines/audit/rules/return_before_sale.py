"""A return that is older than every sale it could take back: two clocks, or the date of the wrong step."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.return_before_sale"
TITLE = "Returns dated before the customer's first sale of the product"
ADVICE = "Check which dates the export gives for returns, and in which time zone."
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    first = f"""(SELECT customer_id, product_id, min("at") AS first_sale FROM {table}
        WHERE reason IS NULL AND kind = 'sale' AND product_id IS NOT NULL GROUP BY ALL)"""
    returned = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'return')"
    both = f"({returned} JOIN {first} USING (customer_id, product_id))"
    return rows_where(con, both, '"at" < first_sale', show=("order_id", "at", "product_id"))
