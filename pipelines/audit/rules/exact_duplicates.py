"""Rows equal to another in everything the source returns: an export run twice. One of each is kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, one_number

CODE = "any.exact_duplicates"
TITLE = "Rows that repeat another row exactly"
SEVERITY: Severity = "warning"
TABLES = ("customers", "orders", "products", "events", "touches", "feedback", "subscriptions")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    copies = one_number(con, f"SELECT count(*) - count(DISTINCT fingerprint) FROM {table}")
    return Found(copies) if copies else None
