"""Customers who spent more points than they had ever earned: movements are missing, or a balance came as a movement."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "loyalty.overdrawn"
TITLE = "Customers who spent more loyalty points than they earned"
ADVICE = "Return all movements from the first day on, with a first one for the balance of those that are gone."
NEEDS = ("points",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    balance = "sum(CASE kind WHEN 'earn' THEN points WHEN 'spend' THEN -points END)"
    rows = f"{table} WHERE reason IS NULL AND replaced_at IS NULL GROUP BY customer_id"
    overdrawn = one_number(con, f"SELECT count(*) FROM (SELECT customer_id FROM {rows} HAVING {balance} < -0.005)")
    return Found(overdrawn) if overdrawn else None
