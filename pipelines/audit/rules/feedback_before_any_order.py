"""A customer who buys rates the shop before the first order."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "feedback.before_any_order"
TITLE = "Scores and reviews from before the customer's first order"
ADVICE = "Check the time zone of the survey tool, and whether the history of orders begins too late."
SEVERITY = "note"
NEEDS = ("orders",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    first = """(SELECT customer_id, min("at") AS first_order FROM orders
        WHERE reason IS NULL AND kind = 'sale' GROUP BY customer_id)"""
    scored = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind <> 'ticket')"
    return rows_where(con, f"({scored} JOIN {first} USING (customer_id))", '"at" < first_order', show=("kind", "at"))
