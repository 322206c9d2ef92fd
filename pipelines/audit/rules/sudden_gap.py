"""A day with hardly a row where the same weekdays around it are busy: a failed export, or a day off."""

import duckdb

from pipelines.audit.days import days_off
from pipelines.audit.finding import Found

CODE = "any.sudden_gap"
TITLE = "Days with hardly any rows between busy ones"
ADVICE = "Look whether the export of these days is complete; holidays and days off need nothing."
SEVERITY = "note"
TABLES = ("orders", "events", "touches", "feedback")
ROWS_MIN = 20
SPREADS = 6


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return days_off(con, table, f"rows < 0.1 * usual AND usual >= {ROWS_MIN} AND usual - rows > {SPREADS} * spread")
