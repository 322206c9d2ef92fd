"""A table whose last row is a month and a tenth of its span older than the last row of another: a stale export."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.audit.returned import returned_columns

CODE = "any.ends_early"
TITLE = "Days by which a table ends before the others"
ADVICE = "Export this table anew; features that look at its last weeks take the silence for the customers' own."
TABLES = ("orders", "events", "touches", "feedback")
DAYS_MIN = 30
SHARE = 0.1


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    others = " UNION ALL ".join(f'SELECT max("at") FROM {name} WHERE reason IS NULL' for name in _event_tables(con))
    days, span = con.execute(
        f"""SELECT date_diff('day', max("at"), (SELECT max(last) FROM ({others}) AS ends(last))),
             date_diff('day', min("at"), max("at")) FROM {table} WHERE reason IS NULL"""
    ).fetchall()[0]
    return Found(days) if days is not None and days > max(DAYS_MIN, SHARE * span) else None


def _event_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name in TABLES if name in returned_columns(con)]
