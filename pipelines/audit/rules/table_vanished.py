"""A whole table of the last ingest is gone. Told at orders, or at events where there are no orders."""

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found, Severity
from pipelines.audit.profile import given_columns

CODE = "any.table_vanished"
TITLE = "Tables that the last ingest had and this one lacks"
ADVICE = "Look whether the SQL file or its raw files are gone; features of these tables are left out from now on."
SEVERITY: Severity = "error"
TABLES = ("orders", "events")
NEEDS = ("profiles.before",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    given = given_columns(con)
    if table == "events" and "orders" in given:
        return None
    tables = con.execute("SELECT DISTINCT table_name FROM profiles.before ORDER BY ALL").fetchall()
    gone = [name for (name,) in tables if name not in given]
    return Found(len(gone), tuple({"table": name} for name in gone[:EXAMPLES_N])) if gone else None
