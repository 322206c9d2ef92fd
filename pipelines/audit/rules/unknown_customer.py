"""Visits, contacts, answers and contracts of ids that neither customers nor identities hold. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where
from pipelines.audit.people import known_customers

CODE = "any.unknown_customer"
TITLE = "Rows of customers that customers lacks"
ADVICE = "Export the register anew with all customers, or bring their other ids in as identities."
SEVERITY: Severity = "warning"
TABLES = ("events", "touches", "feedback", "subscriptions")
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"customer_id NOT IN ({known_customers(con)})")
