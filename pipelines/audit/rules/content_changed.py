"""A column of numbers has words now, a column of words has dates, or its type in the files changed."""

import duckdb

from pipelines.audit.drift import columns_where
from pipelines.audit.finding import Found

CODE = "any.content_changed"
TITLE = "Columns that hold another kind of value than at the last ingest"
ADVICE = "Look whether columns were swapped or a code list was replaced; map the new values in the SQL."
SEVERITY = "error"
NEEDS = ("statistics.before",)
PERMILLE = 500
HELD_BEFORE = "type || ', numbers ' || before.numbers_permille || ' in 1000, dates ' || before.dates_permille"
HELD_NOW = "type || ', numbers ' || now.numbers_permille || ' in 1000, dates ' || now.dates_permille"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    moved = " OR ".join(
        f"abs(now.{share} - before.{share}) > {PERMILLE}" for share in ("numbers_permille", "dates_permille")
    )
    filled = "now.blank_permille < 1000 AND before.blank_permille < 1000"
    return columns_where(
        con, table, f"({moved} OR now.type <> before.type) AND {filled}", was=HELD_BEFORE, is_=HELD_NOW
    )
