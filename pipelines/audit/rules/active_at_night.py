"""More than a third of what customers do falls between local midnight and five: the time zone is wrong."""

import duckdb

from pipelines.audit.clock import has_times, hours_of
from pipelines.audit.finding import Found

CODE = "any.active_at_night"
TITLE = "Activity in the middle of the night"
ADVICE = "Check timezone in source.toml: it must be the zone in which the files were written."
TABLES = ("orders", "events")
NIGHT_ENDS = 5
ROWS_MIN = 100
# Five of 24 hours are a fifth: even a shop that never sleeps stays below.
SHARE = 0.35


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if not has_times(con, table):
        return None
    at_night = f"sum(rows) FILTER (hour(hour) < {NIGHT_ENDS})"
    found = con.execute(f"SELECT sum(rows), {at_night} FROM {hours_of(con, table)}").fetchall()[0]
    rows, rows_at_night = (int(n or 0) for n in found)
    suspicious = rows >= ROWS_MIN and rows_at_night > SHARE * rows
    return Found(rows_at_night) if suspicious else None
