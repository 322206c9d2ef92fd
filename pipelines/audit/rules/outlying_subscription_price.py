"""A price ten times above or below the median of its plan."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "subscriptions.outlying_price"
TITLE = "Contracts at many times the usual price of the plan, or a fraction"
ADVICE = "Look at the examples: cents, another currency, or a yearly price among monthly ones."
NEEDS = ("price",)
CONTRACTS_MIN = 5
TIMES = 10


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    of_plan = "PARTITION BY plan"
    usual = f"""(SELECT plan, price, median(price) OVER ({of_plan}) AS usual, count(*) OVER ({of_plan}) AS contracts
        FROM {table} WHERE price > 0 AND reason IS NULL)"""
    far = f"contracts >= {CONTRACTS_MIN} AND (price > {TIMES} * usual OR price * {TIMES} < usual)"
    return rows_where(con, usual, far, show=("plan", "price"))
