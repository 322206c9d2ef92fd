"""alias_id and customer_id are the same."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "identities.alias_of_itself"
TITLE = "Ids that are an alias of themselves"
ADVICE = "Leave these rows out in identities.sql; they say nothing."
SEVERITY: Severity = "note"
TABLES = ("identities",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "alias_id = customer_id")
