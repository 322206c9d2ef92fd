"""An open, click or bounce that is older than the first sending of the campaign to the customer."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.open_before_sent"
TITLE = "Responses dated before the campaign was sent to the customer"
ADVICE = "Bring the times of sending and of responses to one clock and one time zone."
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sent = f"""(SELECT customer_id, campaign_id, min("at") AS sent_at FROM {table}
        WHERE reason IS NULL AND kind = 'sent' AND campaign_id IS NOT NULL GROUP BY ALL)"""

    responses = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind IN ('open', 'click', 'bounce'))"
    both = f"({responses} JOIN {sent} USING (customer_id, campaign_id))"
    return rows_where(con, both, '"at" < sent_at', show=("kind", "at", "campaign_id"))
