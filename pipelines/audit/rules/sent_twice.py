"""A campaign was sent to the customer more than once on a channel, at different times."""

import duckdb

from pipelines.audit.finding import Found, examples_of
from pipelines.sql import one_number

CODE = "touches.sent_twice"
TITLE = "Messages of one campaign sent to a customer again"
ADVICE = "Give reminders a campaign id of their own; otherwise look for a job that ran twice."
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sent = f"""SELECT campaign_id, count(DISTINCT "at") AS times FROM {table}
        WHERE reason IS NULL AND kind = 'sent' AND campaign_id IS NOT NULL GROUP BY customer_id, campaign_id, channel"""
    surplus = one_number(con, f"SELECT sum(times - 1) FROM ({sent})")
    return Found(surplus, examples_of(con, f"FROM ({sent}) WHERE times > 1", ("campaign_id",))) if surplus else None
