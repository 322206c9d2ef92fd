"""Local time: the hour at which customers live, which is where slips of clocks and time zones show."""

import duckdb

from pipelines.sql import one_number

# The session's time zone is the source's.
LOCAL = "CAST(\"at\" AT TIME ZONE 'UTC' AS TIMESTAMP)"


def has_times(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the rows carry a time of day; dates alone are one local midnight, two UTC hours with summer time."""
    times = f'SELECT DISTINCT CAST("at" AS TIME) AS clock FROM {table} WHERE reason IS NULL LIMIT 3'
    return one_number(con, f"SELECT count(*) FROM ({times})") > 2
