"""Contracts that end before they start: the columns are swapped, or a day and a month are."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "subscriptions.ends_before_start"
TITLE = "Contracts that end before they start"
ADVICE = (
    "Check in subscriptions.sql that the two dates are not swapped and that days and months are read in the "
    "right order."
)
SEVERITY: Severity = "error"
TABLES = ("subscriptions",)
NEEDS = ("ended_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "ended_at < started_at", show=("plan", "started_at", "ended_at"))
