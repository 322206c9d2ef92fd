"""A day with several times the rows of the same weekdays around it, far beyond how much days differ there."""

import duckdb

from pipelines.audit.days import days_off
from pipelines.audit.finding import Found

CODE = "any.sudden_flood"
TITLE = "Days with several times the usual rows"
ADVICE = "Look for an export that was loaded twice under new ids, a robot, or a test; a sale day needs nothing."
TABLES = ("orders", "events", "touches", "feedback")
ROWS_MIN = 30
TIMES = 3
SPREADS = 8


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return days_off(con, table, f"rows > {TIMES} * usual AND rows - usual > greatest({ROWS_MIN}, {SPREADS} * spread)")
