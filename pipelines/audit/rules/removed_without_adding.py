"""remove_from_cart of a product that the customer never put in before."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "events.removed_without_adding"
TITLE = "Products taken from a cart they were never put into"
ADVICE = "Check that add_to_cart is logged on every page; contents of carts are wrong without it."
SEVERITY = "note"
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    added = f"""(SELECT customer_id, product_id, min("at") AS added FROM {table}
        WHERE reason IS NULL AND kind = 'add_to_cart' GROUP BY ALL)"""
    removed = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'remove_from_cart' AND product_id IS NOT NULL)"
    both = f"({removed} LEFT JOIN {added} USING (customer_id, product_id))"
    return rows_where(con, both, 'added IS NULL OR added > "at"', show=("at", "product_id"))
