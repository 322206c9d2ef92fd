"""A visit that lasts longer than a day: session ids used again, or a clock that slipped."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "events.session_over_days"
TITLE = "Sessions whose events are more than a day apart"
ADVICE = "Check that session ids are not used again, and that all events of a session are written by one clock."
NEEDS = ("session_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    spans = f'SELECT max("at") - min("at") AS span FROM {table} WHERE session_id IS NOT NULL AND reason IS NULL'
    return rows_where(con, f"({spans} GROUP BY session_id)", "span > INTERVAL 1 DAY")
