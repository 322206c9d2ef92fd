"""Local time: wrong clocks and time zones show in the hour of the day at which customers act."""

import duckdb

from pipelines.sql import one_number

# The session's time zone is the source's.
LOCAL = "CAST(\"at\" AT TIME ZONE 'UTC' AS TIMESTAMP)"


def has_times(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the rows have a time of day; dates alone are local midnights: one UTC hour, or two with summer time."""
    times = f'SELECT DISTINCT CAST("at" AS TIME) AS clock FROM {table} WHERE reason IS NULL LIMIT 3'
    return one_number(con, f"SELECT count(*) FROM ({times})") > 2
