"""A birth year that makes a customer a small child, or unborn, at the sign-up."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "customers.born_after_signing_up"
TITLE = "Customers who signed up before they were ten"
ADVICE = "Map birth years that cannot be right to NULL in customers.sql."
SEVERITY: Severity = "warning"
TABLES = ("customers",)
NEEDS = ("birth_year", "signed_up_at")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "birth_year BETWEEN 1900 AND 2100 AND birth_year > year(signed_up_at) - 10")
