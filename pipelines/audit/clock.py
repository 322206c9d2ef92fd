"""Local time: wrong clocks and time zones show in the hour of the day at which customers act."""

import duckdb

from pipelines.sql import one_number

# The session's time zone is the source's.
LOCAL = "CAST(\"at\" AT TIME ZONE 'UTC' AS TIMESTAMP)"


def has_times(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the rows have a time of day; dates alone are local midnights: one UTC hour, or two with summer time."""
    times = f'SELECT DISTINCT CAST("at" AS TIME) AS clock FROM {table} WHERE reason IS NULL LIMIT 3'
    return one_number(con, f"SELECT count(*) FROM ({times})") > 2


def hours_of(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """A table with a row a local ``hour``: its ``rows`` without a reason, and ``midnights``, those at 00:00:00 exactly.

    Hours in which a campaign was sent have a second row for the sendings, which are not ``single`` acts of customers.
    Made at the first call, for all rules: converting times is expensive. :func:`forget_hours` drops it.
    """
    single = "kind <> 'sent'" if table == "touches" else "true"
    con.execute(
        f"""CREATE TEMP TABLE IF NOT EXISTS hours_of_{table} AS
        SELECT date_trunc('hour', local) AS hour, single, count(*) AS rows,
            count(*) FILTER (CAST(local AS TIME) = TIME '00:00:00') AS midnights
        FROM (SELECT {LOCAL} AS local, {single} AS single FROM {table} WHERE reason IS NULL) GROUP BY ALL"""
    )
    return f"hours_of_{table}"


def forget_hours(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Drop the table of :func:`hours_of`, if it was made: the rows it was made of may change."""
    con.execute(f"DROP TABLE IF EXISTS temp.hours_of_{table}")
