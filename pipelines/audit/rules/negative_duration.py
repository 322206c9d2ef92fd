"""Events with a duration below zero: clocks of two machines, subtracted. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "events.negative_duration"
TITLE = "Events that took less than no time"
SEVERITY: Severity = "warning"
TABLES = ("events",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "duration_s < 0", show=("kind", "duration_s"))
