"""The share of returned lines of a month jumps against the months before and after."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.audit.rates import months_that_jump

CODE = "orders.return_rate_jump"
TITLE = "Months with a share of returns far off the other months"
ADVICE = "Look whether returns were exported for the whole month, or sales marked as returns."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    last = f'(SELECT max("at") FROM {table} WHERE reason IS NULL)'
    lines = f"""SELECT date_trunc('month', "at") AS month, kind = 'return' AS hit FROM {table}
        WHERE reason IS NULL AND month + INTERVAL 1 MONTH <= {last}"""
    return months_that_jump(con, lines)
