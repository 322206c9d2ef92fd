"""A duration of more than 86,400 seconds: milliseconds, or a page left open."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "events.duration_over_a_day"
TITLE = "Events that took longer than a day"
ADVICE = "Check the unit of duration_s: milliseconds have to be divided by 1,000 in events.sql."
SEVERITY: Severity = "warning"
TABLES = ("events",)
NEEDS = ("duration_s",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "duration_s > 86400", show=("kind", "duration_s"))
