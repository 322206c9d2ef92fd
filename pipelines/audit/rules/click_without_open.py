"""A click by a customer who is not seen to open the message, where opens of the campaign are recorded."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.click_without_open"
TITLE = "Clicks without an open"
ADVICE = "Count a click as an open where images are blocked; if there are many, opens are missing from the export."
SEVERITY = "note"
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    opened = f"FROM {table} WHERE reason IS NULL AND kind = 'open' AND campaign_id IS NOT NULL"
    recorded = f"(campaign_id, channel) IN (SELECT campaign_id, channel {opened})"
    unopened = f"(customer_id, campaign_id) NOT IN (SELECT customer_id, campaign_id {opened})"
    clicks = "reason IS NULL AND kind = 'click'"
    return rows_where(con, table, f"{clicks} AND {recorded} AND {unopened}", show=("at", "campaign_id"))
