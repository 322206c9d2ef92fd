"""Sales more than a day after a profile says that the account is closed, with no later profile that opens it."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.sql import quoted_list

CODE = "orders.after_account_closed"
TITLE = "Order lines of customers whose account was closed before"
ADVICE = "Check when status is set, and return a new version of the profile when an account is opened again."
NEEDS = ("customers.status", "customers.known_at")
CLOSED = ("closed", "deleted", "cancelled", "canceled", "terminated", "deactivated", "deceased", "churned")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    latest = "(SELECT customer_id, max(known_at) AS known_at FROM customers WHERE reason IS NULL GROUP BY customer_id)"
    closed = f"""(SELECT customer_id, min(known_at) AS closed_at
        FROM customers JOIN {latest} USING (customer_id, known_at)
        WHERE lower(status) IN {quoted_list(CLOSED)} GROUP BY customer_id)"""
    late = "reason IS NULL AND kind = 'sale' AND \"at\" > closed_at + INTERVAL 1 DAY"
    return rows_where(con, f"({table} JOIN {closed} USING (customer_id))", late, show=("order_id", "at"))
