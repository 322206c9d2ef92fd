"""renews_at is older than started_at."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "subscriptions.renews_before_start"
TITLE = "Contracts that renew before they start"
ADVICE = "Check in subscriptions.sql that renews_at is the next renewal, not the last."
SEVERITY: Severity = "error"
TABLES = ("subscriptions",)
NEEDS = ("renews_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "renews_at < started_at", show=("plan", "started_at", "renews_at"))
