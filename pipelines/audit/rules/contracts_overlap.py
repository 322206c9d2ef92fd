"""Two contracts of one customer for one plan run at the same time."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "subscriptions.overlap"
TITLE = "Contracts that start before the customer's last one of the plan ended"
ADVICE = "Look for a renewal exported as a second contract, or for a missing ended_at."
NEEDS = ("ended_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    before = (
        "PARTITION BY customer_id, plan ORDER BY started_at, fingerprint ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW"
    )
    until = f"max(coalesce(ended_at, TIMESTAMP 'infinity')) OVER ({before})"
    contracts = f"SELECT DISTINCT customer_id, plan, started_at, ended_at, fingerprint FROM {table}"
    runs = (
        f"(SELECT plan, started_at, {until} AS until FROM ({contracts} WHERE reason IS NULL AND replaced_at IS NULL))"
    )
    return rows_where(con, runs, "started_at < until", show=("plan", "started_at"))
