"""Events, touches, feedback and contracts of ids that are in neither customers nor identities. The rows stay."""

import duckdb

from pipelines.audit.customer_sql import known_customers
from pipelines.audit.finding import Found, rows_where

CODE = "any.unknown_customer"
TITLE = "Rows of customers that customers lacks"
ADVICE = "Export the register anew with all customers, or bring their other ids in as identities."
TABLES = ("events", "touches", "feedback", "subscriptions", "contacts", "loyalty")
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"customer_id NOT IN ({known_customers(con)})")
