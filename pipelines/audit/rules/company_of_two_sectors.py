"""Contacts of one company disagree about its sector."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "customers.company_of_two_sectors"
TITLE = "Companies whose contacts name several sectors"
ADVICE = "Record the sector once a company, not once a contact."
SEVERITY = "note"
NEEDS = ("company_id", "sector")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    of_companies = (
        f"SELECT count(DISTINCT sector) AS sectors FROM {table} WHERE company_id IS NOT NULL GROUP BY company_id"
    )
    return rows_where(con, f"({of_companies})", "sectors > 1")
