"""A part of the rows carries a date without a time: it looks like activity at midnight."""

import duckdb

from pipelines.audit.clock import LOCAL, has_times
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
    rows, midnights = con.execute(
        f"""SELECT count(*), count(*) FILTER (CAST({LOCAL} AS TIME) = TIME '00:00:00')
        FROM {table} WHERE reason IS NULL"""
    ).fetchall()[0]
    return Found(midnights) if midnights >= max(ROWS_MIN, SHARE * rows) else None
