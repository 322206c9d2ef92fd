"""A visit that lasts longer than a day: session ids used again, or a clock that slipped."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.groups import in_group_where

CODE = "events.session_over_days"
TITLE = "Sessions whose events are more than a day apart"
ADVICE = "Check that session ids are not used again, and that all events of a session are written by one clock."
NEEDS = ("session_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    visits = f"FROM {table} WHERE session_id IS NOT NULL AND reason IS NULL"
    suspected = in_group_where(visits, ["session_id"], 'max("at") - min("at") > INTERVAL 1 DAY')
    spans = f'SELECT max("at") - min("at") AS span {visits} AND {suspected} GROUP BY session_id'
    return rows_where(con, f"({spans})", "span > INTERVAL 1 DAY")
