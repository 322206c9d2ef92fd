"""A whole table of the last ingest is gone. Reported under orders, or under events if there are no orders."""

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found
from pipelines.audit.returned import returned_columns

CODE = "any.table_vanished"
TITLE = "Tables that the last ingest had and this one lacks"
ADVICE = "Look whether the SQL file or its raw files are gone; features of these tables are left out from now on."
SEVERITY = "error"
TABLES = ("orders", "events")
NEEDS = ("statistics.before",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    returned = returned_columns(con)
    if table == "events" and "orders" in returned:
        return None
    tables = con.execute("SELECT DISTINCT table_name FROM statistics.before ORDER BY ALL").fetchall()
    gone = [name for (name,) in tables if name not in returned]
    return Found(len(gone), tuple({"table": name} for name in gone[:EXAMPLES_N])) if gone else None
