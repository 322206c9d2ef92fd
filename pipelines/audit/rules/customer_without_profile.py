"""Customers who order but are not in the customers table: their profile is unknown. The rows are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where
from pipelines.audit.people import known_customers

CODE = "orders.customer_without_profile"
TITLE = "Order lines of customers that customers lacks"
ADVICE = "Export the register anew with all customers; until then their profile features are empty."
SEVERITY: Severity = "note"
TABLES = ("orders",)
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"customer_id NOT IN ({known_customers(con)})")
