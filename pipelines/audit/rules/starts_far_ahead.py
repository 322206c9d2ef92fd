"""A start more than a year after the present: a wrong date. Next month's contracts are fine."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where
from pipelines.scratch import PRESENT

CODE = "subscriptions.starts_far_ahead"
TITLE = "Contracts that start more than a year ahead"
ADVICE = "Check the date format of started_at: a day and a month may be swapped."
SEVERITY: Severity = "error"
TABLES = ("subscriptions",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, f"started_at > {PRESENT} + INTERVAL 1 YEAR", show=("plan", "started_at"))
