"""Contacts, answers and contracts more than a day older than their customer's sign-up. They are kept."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.before_sign_up"
TITLE = "Rows from before their customer signed up"
ADVICE = "Check the time zones of both tables, and that signed_up_at is the first registration, not the last change."
SEVERITY: Severity = "warning"
TABLES = ("touches", "feedback", "subscriptions")
NEEDS = ("customers.signed_up_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    joined = (
        "(SELECT customer_id, min(signed_up_at) AS joined FROM customers WHERE reason IS NULL GROUP BY customer_id)"
    )
    time = TABLE_SPECS[table].time
    early = f'reason IS NULL AND "{time}" < joined - INTERVAL 1 DAY'
    return rows_where(con, f"({table} JOIN {joined} USING (customer_id))", early, show=(str(time),))
