"""Customers who order but are not in the customers table: their profile is unknown. The rows are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, has_column, rows_where

CODE = "orders.customer_without_profile"
TITLE = "Order lines of customers that customers lacks"
SEVERITY: Severity = "note"
TABLES = ("orders",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if not has_column(con, "customers", "customer_id"):
        return None
    return rows_where(
        con, table, "customer_id NOT IN (SELECT customer_id FROM customers WHERE customer_id IS NOT NULL)"
    )
