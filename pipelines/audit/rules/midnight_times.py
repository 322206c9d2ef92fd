"""A part of the rows carries a date without a time: it looks like activity at midnight."""

import duckdb

from pipelines.audit.clock import has_times, hours_of
from pipelines.audit.finding import Found

CODE = "any.midnight_times"
TITLE = "Rows at exactly local midnight among rows with times"
ADVICE = "Find out which system stores dates only; features of the hour misread its rows as activity at midnight."
SEVERITY = "note"
TABLES = ("orders", "events", "touches", "feedback")
ROWS_MIN = 10
SHARE = 0.01


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if not has_times(con, table):
        return None
    found = con.execute(f"SELECT sum(rows), sum(midnights) FROM {hours_of(con, table)}").fetchall()[0]
    rows, midnights = (int(n or 0) for n in found)
    return Found(midnights) if midnights >= max(ROWS_MIN, SHARE * rows) else None
