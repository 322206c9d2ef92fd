"""A column that the source returned at the last ingest is gone."""

import duckdb

from pipelines.audit.drift import columns_where
from pipelines.audit.finding import Found

CODE = "any.column_vanished"
TITLE = "Columns that the last ingest had and this one lacks"
ADVICE = "Look whether the export or the SELECT lost them; models that use them see only blanks."
SEVERITY = "error"
NEEDS = ("statistics.before",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return columns_where(con, table, "now.column_name IS NULL", was="type", is_="type")
