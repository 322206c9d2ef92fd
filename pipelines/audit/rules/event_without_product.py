"""A product was looked at or moved in the cart, and the row does not say which."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "events.without_product"
TITLE = "Product views and cart events that name no product"
ADVICE = "Have the site log the product; what was looked at or left in the cart is unknown here."
SEVERITY = "note"
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    about = "kind IN ('product_view', 'add_to_cart', 'remove_from_cart')"
    return rows_where(con, table, f"product_id IS NULL AND {about} AND reason IS NULL", show=("kind", "at"))
