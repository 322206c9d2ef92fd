"""Customers who order but are not in the customers table: their profile is unknown. The rows stay."""

import duckdb

from pipelines.audit.customer_sql import known_customers
from pipelines.audit.finding import Found, rows_where

CODE = "orders.customer_without_profile"
TITLE = "Order lines of customers that customers lacks"
ADVICE = "Export the register anew with all customers; until then their profile features are empty."
SEVERITY = "note"
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"customer_id NOT IN ({known_customers(con)})")
