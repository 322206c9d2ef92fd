"""Events with a duration below zero: clocks of two machines, subtracted. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "events.negative_duration"
TITLE = "Events that took less than no time"
ADVICE = "Return NULL for durations below zero, and have the clocks compared."
SEVERITY: Severity = "warning"
TABLES = ("events",)
NEEDS = ("duration_s",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "duration_s < 0", show=("kind", "duration_s"))
