"""The contract ended, yet a renewal after its end is noted."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "subscriptions.renews_after_end"
TITLE = "Ended contracts that are still to renew"
ADVICE = "Return NULL as renews_at once a contract has ended."
SEVERITY: Severity = "note"
TABLES = ("subscriptions",)
NEEDS = ("renews_at", "ended_at")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "renews_at > ended_at", show=("plan", "ended_at", "renews_at"))
