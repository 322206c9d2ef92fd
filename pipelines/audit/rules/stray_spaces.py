"""Ids written with spaces around them: trimmed, as they would make two customers or products of one."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where
from pipelines.audit.profile import given_columns

CODE = "any.stray_spaces"
TITLE = "Ids with spaces around them"
ADVICE = "Nothing needs doing: they are trimmed; other systems that join on these ids may need a correction."
SEVERITY: Severity = "note"
TABLES = ("orders", "customers", "products", "events", "touches", "feedback", "subscriptions", "identities")
NEEDS: tuple[str, ...] = ()
IDS = ("alias_id", "customer_id", "order_id", "product_id", "campaign_id")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    given = given_columns(con)[table]
    conditions = [f"CAST(returned_{id_} AS VARCHAR) <> {id_}" for id_ in IDS if id_ in given]
    return rows_where(con, table, " OR ".join(conditions or ["false"]))
