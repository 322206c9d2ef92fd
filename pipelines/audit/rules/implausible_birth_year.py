"""Birth years that nobody alive can have: placeholders such as 1900 or two-digit years."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "customers.implausible_birth_year"
TITLE = "Birth years of nobody alive"
ADVICE = "Map placeholder years to NULL in customers.sql."
SEVERITY: Severity = "warning"
TABLES = ("customers",)
NEEDS = ("birth_year",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "birth_year < 1900 OR birth_year > 2100", show=())
