"""Rows readable before they happened: known_at is mapped from the wrong column, or in another time zone."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.known_before_it_happened"
TITLE = "Rows known before they happened"
SEVERITY: Severity = "warning"
TABLES = ("orders",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, 'known_at < "at"', show=("at", "known_at"))
