"""Customers registered at or after the present. They are kept, but have a tenure below zero."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where
from pipelines.scratch import PRESENT

CODE = "customers.signed_up_in_the_future"
TITLE = "Customers who sign up in the future"
ADVICE = "Check the date format of signed_up_at: a day and a month may be swapped."
SEVERITY: Severity = "error"
TABLES = ("customers",)
NEEDS = ("signed_up_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"signed_up_at >= {PRESENT}")
