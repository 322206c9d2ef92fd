"""An alias that customers holds as a customer: two profiles of one person, or two people made one."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "identities.alias_with_profile"
TITLE = "Aliases that have a profile of their own"
ADVICE = "Check that both are one person; then keep one profile in customers.sql."
SEVERITY: Severity = "warning"
TABLES = ("identities",)
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    profiles = "(SELECT customer_id FROM customers WHERE customer_id IS NOT NULL)"
    return rows_where(con, table, f"alias_id <> customer_id AND alias_id IN {profiles}")
