"""A message by email, sms or push to a customer all of whose profiles say that marketing is not allowed."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "touches.sent_without_consent"
TITLE = "Messages sent to customers who did not agree"
ADVICE = "Stop these sendings, which may break the law, or correct how consent is exported."
SEVERITY = "error"
NEEDS = ("customers.consent",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    refused = """(SELECT customer_id FROM customers WHERE reason IS NULL GROUP BY customer_id
        HAVING bool_or(consent) = false AND count(consent) = count(*))"""
    direct = "reason IS NULL AND kind = 'sent' AND channel IN ('email', 'sms', 'push')"
    return rows_where(con, table, f"{direct} AND customer_id IN {refused}", show=("at", "campaign_id", "channel"))
