"""Four weeks or more without a single order: a missing export, or a last order with a wrong date."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.gap_in_history"
TITLE = "Long gaps without any order"
ADVICE = "Export the missing weeks, or start the history after the gap."
GAP_DAYS = 28


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    days = f'SELECT DISTINCT date_trunc(\'day\', "at") AS "at" FROM {table} WHERE reason IS NULL'
    gaps = f'(SELECT "at", lead("at") OVER (ORDER BY "at") AS next FROM ({days}))'
    return rows_where(con, gaps, f'next - "at" >= INTERVAL {GAP_DAYS} DAY', show=("at",))
