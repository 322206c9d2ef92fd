"""Contacts that name a campaign which campaigns lacks. The rows stay."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.unknown_campaign"
TITLE = "Contacts of campaigns that campaigns lacks"
ADVICE = "Export the list of campaigns anew, or write their ids the same way in both tables."
NEEDS = ("campaign_id", "campaigns")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    unknown = "campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE campaign_id IS NOT NULL)"
    return rows_where(con, table, f"reason IS NULL AND {unknown}", show=("campaign_id",))
