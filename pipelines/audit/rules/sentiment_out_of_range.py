"""A given sentiment below -1 or above 1."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "feedback.sentiment_out_of_range"
TITLE = "Sentiments off their scale"
ADVICE = "Bring sentiment to -1 .. 1 in feedback.sql, or leave it out: ingest reads it from the text."
SEVERITY: Severity = "warning"
TABLES = ("feedback",)
NEEDS = ("sentiment",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "sentiment NOT BETWEEN -1 AND 1", show=("kind", "at"))
