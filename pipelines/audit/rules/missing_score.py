"""An nps, csat or review without a score."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "feedback.missing_score"
TITLE = "Surveys and reviews without a score"
ADVICE = "Leave out surveys that were sent and not answered, in feedback.sql."
SEVERITY: Severity = "note"
TABLES = ("feedback",)
NEEDS = ("score",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(
        con, table, "score IS NULL AND kind IN ('nps', 'csat', 'review') AND reason IS NULL", show=("kind", "at")
    )
