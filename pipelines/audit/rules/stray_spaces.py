"""Ids written with spaces around them: trimmed, as they would make two customers or products of one."""

import duckdb

from pipelines.audit.finding import Found, Severity, has_column, rows_where

CODE = "any.stray_spaces"
TITLE = "Ids with spaces around them"
SEVERITY: Severity = "note"
TABLES = ("orders", "customers", "products", "events", "touches", "feedback", "subscriptions")
IDS = ("customer_id", "order_id", "product_id", "campaign_id")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    returned = [id_ for id_ in IDS if has_column(con, table, f"returned_{id_}")]
    conditions = [f"CAST(returned_{id_} AS VARCHAR) <> {id_}" for id_ in returned]
    return rows_where(con, table, " OR ".join(conditions or ["false"]))
