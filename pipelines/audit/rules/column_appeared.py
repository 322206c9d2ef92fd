"""A column that the source did not return at the last ingest."""

import duckdb

from pipelines.audit.drift import columns_where
from pipelines.audit.finding import Found

CODE = "any.column_appeared"
TITLE = "Columns that the last ingest lacked"
ADVICE = "Nothing needs doing; a study has to be trained again before it can use them."
SEVERITY = "note"
NEEDS = ("statistics.before",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return columns_where(con, table, "before.column_name IS NULL", was="type", is_="type")
