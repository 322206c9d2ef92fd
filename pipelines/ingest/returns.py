"""Returns: their quantities made positive, and each matched to the sale it takes back."""

import duckdb

from pipelines.sql import one_number

MATCHED = "SELECT count(*) FROM clean.orders WHERE kind = 'return' AND original_order_id IS NOT NULL"


def make_positive(con: duckdb.DuckDBPyConnection) -> int:
    """Turn the sign of negative quantities in ``clean.orders``; how many."""
    return int(con.execute("UPDATE clean.orders SET quantity = -quantity WHERE quantity < 0").fetchall()[0][0])


def match_returns(con: duckdb.DuckDBPyConnection) -> int:
    """Give every return the latest sale before it, of the same customer and product, that was large enough.

    Only sales that stood when the return could first be read count: one that came or was corrected later may not change
    what was known of the return. A sale may be named by several returns: how much of it was left is not followed.
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
