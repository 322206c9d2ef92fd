"""An alias that is a customer in the customers table: two profiles of one person, or two people merged into one."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "identities.alias_with_profile"
TITLE = "Aliases that have a profile of their own"
ADVICE = "Check that both are one person; then keep one profile in customers.sql."
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    profiles = "(SELECT customer_id FROM customers WHERE customer_id IS NOT NULL)"
    return rows_where(con, table, f"alias_id <> customer_id AND alias_id IN {profiles}")
