"""Campaigns with messages sent before they started or after they ended."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "campaigns.sent_outside"
TITLE = "Campaigns that were sent before their start or after their end"
ADVICE = "Correct the dates in campaigns.sql, or look for a campaign id that was used again."
NEEDS = ("starts_at", "ends_at", "touches.campaign_id")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    # A day on either side, because dates are often without a time.
    outside = f"""SELECT sent.campaign_id FROM touches AS sent JOIN {table} AS plan USING (campaign_id)
        WHERE sent.kind = 'sent' AND sent.reason IS NULL
        AND (sent."at" < plan.starts_at - INTERVAL 1 DAY OR sent."at" >= plan.ends_at + INTERVAL 2 DAY)"""
    return rows_where(con, table, f"reason IS NULL AND campaign_id IN ({outside})", show=("campaign_id", "name"))
