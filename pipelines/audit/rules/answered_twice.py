"""Two scores of one customer for one kind and topic at one moment."""

import duckdb

from pipelines.audit.finding import Found, sum_where

CODE = "feedback.answered_twice"
TITLE = "Answers that contradict another of the same moment"
ADVICE = "Keep the last of them in feedback.sql, or give replaced_at to what was corrected."
SEVERITY = "note"
NEEDS = ("score",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    answers = f"""(SELECT any_value(kind) AS kind, count(DISTINCT score) AS scores FROM {table}
        WHERE reason IS NULL AND replaced_at IS NULL GROUP BY customer_id, "at", kind, topic)"""
    return sum_where(con, answers, "scores > 1", "scores - 1", show=("kind",))
