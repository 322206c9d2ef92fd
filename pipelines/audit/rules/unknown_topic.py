"""Answers whose topic is none of the contract's: features by topic do not see them. They are kept."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "feedback.unknown_topic"
TITLE = "Answers about a topic that is not of the contract"
ADVICE = "Map the topic to price, quality, delivery, service or product in feedback.sql."
SEVERITY: Severity = "note"
TABLES = ("feedback",)
NEEDS = ("topic",)
TOPICS = ("price", "quality", "delivery", "service", "product")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    listed = ", ".join(f"'{topic}'" for topic in TOPICS)
    return rows_where(con, table, f"reason IS NULL AND topic NOT IN ({listed})", show=("topic",))
