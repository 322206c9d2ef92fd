"""Scores outside their scale (nps 0 to 10, csat and review 1 to 5): another scale, or a typing error. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "feedback.score_out_of_range"
TITLE = "Scores off their scale"
ADVICE = "Bring every score to its kind's scale in feedback.sql, or return NULL."
SEVERITY: Severity = "warning"
TABLES = ("feedback",)
NEEDS = ("score",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(
        con,
        table,
        "(kind = 'nps' AND score NOT BETWEEN 0 AND 10) OR (kind IN ('csat', 'review') AND score NOT BETWEEN 1 AND 5)",
        show=("kind", "score"),
    )
