"""Rows a day compared with the same weekdays before and after: days on which a table is suddenly silent or flooded."""

import duckdb

from pipelines.audit.clock import hours_of
from pipelines.audit.finding import EXAMPLES_N, Found

DAYS_MIN = 56
# A table with fewer active days has bursts, not a rhythm that could be broken.
ACTIVE_SHARE = 0.5


def days_off(con: duckdb.DuckDBPyConnection, table: str, condition: str) -> Found | None:
    """Count the local days that meet ``condition`` over ``rows``, ``usual`` and ``spread``; None if none does.

    ``usual`` is the median of the eight same weekdays nearest to the day; ``spread`` the larger of its square root and
    of the middle deviation from it on this weekday, so that trends, seasons and fortnightly bursts stay quiet. The
    first and the last day may be cut and do not count; short tables and tables silent on most days have no rhythm.
    """
    query = f"""
        WITH counted AS (
            SELECT CAST(hour AS DATE) AS day, CAST(sum(rows) AS BIGINT) AS rows FROM {hours_of(con, table)}
            WHERE single GROUP BY day),
        calendar AS (
            SELECT CAST(unnest(generate_series(min(day), max(day), INTERVAL 1 DAY)) AS DATE) AS day,
                count(*) AS active, date_diff('day', min(day), max(day)) + 1 AS span FROM counted),
        daily AS (SELECT day, coalesce(rows, 0) AS rows, active, span FROM calendar LEFT JOIN counted USING (day)),
        expected AS (
            SELECT *, (SELECT median(near.rows) FROM daily AS near
                WHERE near.day <> daily.day AND abs(date_diff('day', near.day, daily.day)) IN (7, 14, 21, 28)) AS usual
            FROM daily WHERE span >= {DAYS_MIN} AND active >= {ACTIVE_SHARE} * span),
        judged AS (
            SELECT *, greatest(sqrt(usual + 1), 1.4826 * median(abs(rows - usual)) OVER (PARTITION BY dayofweek(day)))
                AS spread FROM expected),
        whole AS (
            SELECT * FROM judged
            WHERE day > (SELECT min(day) FROM daily) AND day < (SELECT max(day) FROM daily))
        SELECT strftime(day, '%Y-%m-%d'), rows, usual FROM whole WHERE {condition} ORDER BY day"""
    found = con.execute(query).fetchall()
    examples = [{"day": day, "rows": str(rows), "usual": f"{usual:.0f}"} for day, rows, usual in found[:EXAMPLES_N]]
    return Found(len(found), tuple(examples)) if found else None
