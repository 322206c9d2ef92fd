"""An open, click or bounce of a campaign never sent to this customer, on channels whose sendings are recorded."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.response_without_sent"
TITLE = "Responses of customers to whom the campaign was not sent"
ADVICE = "Export all sendings; rates of opening are too high without them."
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sent = f"FROM {table} WHERE reason IS NULL AND kind = 'sent' AND campaign_id IS NOT NULL"
    recorded = f"channel IN (SELECT channel {sent})"
    unsent = f"(customer_id, campaign_id) NOT IN (SELECT customer_id, campaign_id {sent})"
    responses = "reason IS NULL AND kind IN ('open', 'click', 'bounce') AND campaign_id IS NOT NULL"
    return rows_where(con, table, f"{responses} AND {recorded} AND {unsent}", show=("kind", "at", "campaign_id"))
