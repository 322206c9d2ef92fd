"""A campaign was sent to the customer more than once on a channel, at different times."""

import duckdb

from pipelines.audit.finding import Found, sum_where
from pipelines.audit.groups import in_group_where

CODE = "touches.sent_twice"
TITLE = "Messages of one campaign sent to a customer again"
ADVICE = "Give reminders a campaign id of their own; otherwise look for a job that ran twice."
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    message = ["customer_id", "campaign_id", "channel"]
    sent = f"FROM {table} WHERE reason IS NULL AND kind = 'sent' AND campaign_id IS NOT NULL"
    again = in_group_where(sent, message, 'min("at") < max("at")')
    times = f"""(SELECT campaign_id, count(DISTINCT "at") AS times {sent} AND {again}
        GROUP BY {", ".join(message)})"""
    return sum_where(con, times, "times > 1", "times - 1", show=("campaign_id",))
