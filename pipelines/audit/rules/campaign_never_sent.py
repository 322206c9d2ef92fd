"""Campaigns that no contact with a customer names."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "campaigns.never_sent"
TITLE = "Campaigns that no touch names"
ADVICE = "Nothing needs doing if they are planned; if there are many, ids may be written differently in the two tables."
SEVERITY = "note"
NEEDS = ("touches.campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sent = "(SELECT campaign_id FROM touches WHERE campaign_id IS NOT NULL)"
    return rows_where(con, table, f"reason IS NULL AND campaign_id NOT IN {sent}", show=("campaign_id", "name"))
