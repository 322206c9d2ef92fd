"""A contact without a campaign among contacts that have one."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "touches.without_campaign"
TITLE = "Contacts that name no campaign"
ADVICE = "Return the campaign; responses cannot be matched with what was sent otherwise."
SEVERITY: Severity = "note"
TABLES = ("touches",)
NEEDS = ("campaign_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "campaign_id IS NULL AND reason IS NULL", show=("kind", "channel", "at"))
