"""Returns: quantities are made positive, and each return is matched to the sale it takes back."""

import duckdb

from pipelines.sql import one_number

MATCHED = "SELECT count(*) FROM clean.orders WHERE kind = 'return' AND original_order_id IS NOT NULL"


def make_positive(con: duckdb.DuckDBPyConnection) -> int:
    """Make negative quantities in ``clean.orders`` positive; returns how many."""
    return one_number(con, "UPDATE clean.orders SET quantity = -quantity WHERE quantity < 0")


def match_returns(con: duckdb.DuckDBPyConnection) -> int:
    """Give every return the latest earlier sale of the same customer and product that was large enough; how many.

    Only sales in force when the return became known count: one that arrived or was corrected later may not change what
    was known of the return. Several returns may name one sale: how much of it is left is not tracked.
    """
    before = one_number(con, MATCHED)
    con.execute(
        """
        UPDATE clean.orders SET original_order_id = matched.sale FROM (
            WITH sales AS (
                SELECT customer_id, product_id, order_id, known_at, replaced_at, min("at") AS "at",
                    sum(TRY_CAST(quantity AS DECIMAL(38, 4))) AS quantity
                FROM clean.orders WHERE kind = 'sale' AND product_id IS NOT NULL GROUP BY ALL),
            returns AS (
                SELECT rowid AS row, customer_id, product_id, quantity, "at", greatest("at", known_at) AS read_at
                FROM clean.orders WHERE kind = 'return' AND original_order_id IS NULL)
            SELECT returns.row, max_by(sales.order_id, (sales."at", sales.order_id)) AS sale
            FROM returns JOIN sales USING (customer_id, product_id)
            WHERE sales."at" <= returns."at" AND sales.quantity >= returns.quantity
              AND coalesce(sales.known_at <= read_at, true) AND coalesce(sales.replaced_at > read_at, true)
            GROUP BY returns.row) AS matched
        WHERE orders.rowid = matched.row"""
    )
    return one_number(con, MATCHED) - before
