"""The share of a month's buyers who buy again within 30 days, the label of many models, jumps."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.audit.rates import months_that_jump

CODE = "orders.repeat_rate_jump"
TITLE = "Months whose buyers came back at a rate far off the other months"
ADVICE = "Look at what changed in these months (ids, channels, a missing export) before training on them."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = f"SELECT DISTINCT customer_id, \"at\" FROM {table} WHERE reason IS NULL AND kind = 'sale'"
    next_at = 'lead("at") OVER (PARTITION BY customer_id ORDER BY "at")'
    last = f'(SELECT max("at") FROM {table} WHERE reason IS NULL)'
    purchases = f"""SELECT date_trunc('month', "at") AS month, customer_id, bool_or(again) AS hit FROM (
        SELECT *, coalesce({next_at} <= "at" + INTERVAL 30 DAY, false) AS again FROM ({sold}))
        WHERE month + INTERVAL 1 MONTH + INTERVAL 30 DAY <= {last} GROUP BY ALL"""
    return months_that_jump(con, purchases)
