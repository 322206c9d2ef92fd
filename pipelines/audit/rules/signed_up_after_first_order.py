"""The first order is more than a day older than the sign-up: guests who registered later, or another date."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "customers.signed_up_after_first_order"
TITLE = "Customers who bought before they signed up"
ADVICE = "Check whether guests register later (then nothing needs doing), or whether the date is of the last change."
NEEDS = ("signed_up_at", "orders")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    joined = f"SELECT customer_id, min(signed_up_at) AS joined FROM {table} WHERE reason IS NULL GROUP BY customer_id"
    sales = "SELECT * FROM orders WHERE reason IS NULL AND kind = 'sale'"
    bought = f'SELECT customer_id, min("at") AS bought FROM ({sales}) GROUP BY customer_id'
    return rows_where(con, f"(({joined}) JOIN ({bought}) USING (customer_id))", "bought < joined - INTERVAL 1 DAY")
