"""Ids such as nan, unknown or guest: one invented customer with the history of many. Map them to NULL in the SQL."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.placeholder_customer"
TITLE = "Customers that look like a placeholder"
ADVICE = "Map these ids to NULL in the SQL: their lines are then rejected as nobody's."
SEVERITY: Severity = "error"
TABLES = ("customers", "identities", "orders", "events", "touches", "feedback", "subscriptions")
NEEDS: tuple[str, ...] = ()
PLACEHOLDERS = ("nan", "null", "none", "na", "n/a", "unknown", "undefined", "guest", "anonymous", "test", "0", "-1")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    listed = ", ".join(f"'{id_}'" for id_ in PLACEHOLDERS)
    return rows_where(con, table, f"lower(customer_id) IN ({listed})")
