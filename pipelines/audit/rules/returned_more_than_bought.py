"""A customer takes back more pieces of a product than all sales to that customer hold."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.returned_more_than_bought"
TITLE = "Products of which a customer returned more than was bought"
ADVICE = "Export a longer history if it is at hand, and look for returns that were entered twice."
SEVERITY = "note"
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    lines = f"""SELECT DISTINCT fingerprint, customer_id, product_id, quantity, kind FROM {table}
        WHERE reason IS NULL AND product_id IS NOT NULL"""
    pieces = f"""(SELECT sum(quantity) FILTER (kind = 'sale') AS bought,
            sum(abs(quantity)) FILTER (kind = 'return') AS returned
        FROM ({lines}) GROUP BY customer_id, product_id)"""
    return rows_where(con, pieces, "returned > bought")
