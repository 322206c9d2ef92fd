"""Rows whose kind is none of the contract's: map it in the SQL. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "any.unknown_kind"
TITLE = "Rows of an unknown kind"
ADVICE = "Map these kinds to the contract's in the SQL, or leave them out there on purpose."
SEVERITY: Severity = "warning"
TABLES = ("orders", "events", "touches", "feedback")
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "reason = 'unknown_kind'", show=("returned_kind",))
