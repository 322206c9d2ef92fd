"""Orders all made at one time of day are dates without a time: features of the hour say nothing for this shop."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "orders.dates_without_times"
TITLE = "Order times that are dates only"
ADVICE = "Map a column that holds the time of day, if the shop has one; otherwise leave out features of the hour."
SEVERITY = "note"
LINES_MIN = 20


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    # Local midnight is two UTC hours in a year with summer time, but always the same minute and second.
    times = f'(SELECT DISTINCT CAST("at" AS TIME) AS "at" FROM {table} WHERE reason IS NULL)'
    few = one_number(con, f"SELECT count(*) FROM {times}") <= 2
    lines = one_number(con, f"SELECT count(*) FROM {table} WHERE reason IS NULL")
    return Found(lines) if few and lines >= LINES_MIN else None
