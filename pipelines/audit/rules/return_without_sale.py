"""Returns of a product that the customer is not seen to buy: bought before the data begin, or under another id."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.return_without_sale"
TITLE = "Returns of what the customer never bought"
ADVICE = "Export a longer history if it is at hand; otherwise nothing needs doing."
SEVERITY = "note"
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    pairs = f"SELECT customer_id, product_id FROM {table} WHERE customer_id IS NOT NULL AND product_id IS NOT NULL"
    unseen = f"(customer_id, product_id) NOT IN ({pairs} AND kind = 'sale')"
    condition = f"kind = 'return' AND customer_id IS NOT NULL AND NOT not_product AND {unseen}"
    return rows_where(con, table, condition, show=("order_id", "product_id", "quantity"))
