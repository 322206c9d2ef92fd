"""A table whose SELECT returns no row: a month without a campaign, or an export that failed. All else goes on."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "any.empty_table"
TITLE = "Tables without a row"
ADVICE = "Export the table again if it should have rows; leave its SQL file out if the shop has no such thing."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    # The table of links has no row as long as nobody has two ids.
    return Found(1) if table != "identities" and one_number(con, f"SELECT count(*) FROM {table}") == 0 else None
