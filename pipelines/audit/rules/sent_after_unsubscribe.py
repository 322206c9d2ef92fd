"""A message on a channel more than a day after the customer left it."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.sent_after_unsubscribe"
TITLE = "Messages sent after the customer had unsubscribed"
ADVICE = "Stop these sendings, which may break the law, or export when the customer subscribed again."
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    left = f"""(SELECT customer_id, channel, min("at") AS left_at FROM {table}
        WHERE reason IS NULL AND kind = 'unsubscribe' GROUP BY ALL)"""
    sent = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'sent')"
    late = '"at" > left_at + INTERVAL 1 DAY'
    return rows_where(
        con, f"({sent} JOIN {left} USING (customer_id, channel))", late, show=("at", "campaign_id", "channel")
    )
