"""A column that had values at the last ingest has none."""

import duckdb

from pipelines.audit.drift import columns_where
from pipelines.audit.finding import Found

CODE = "any.column_became_empty"
TITLE = "Columns that were filled at the last ingest and are all blank now"
ADVICE = "Look whether the export renamed the field or the SELECT reads another one."
SEVERITY = "error"
NEEDS = ("statistics.before",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return columns_where(
        con,
        table,
        "before.blank_permille < 1000 AND now.blank_permille = 1000 AND now.rows > 0",
        was="blank_permille",
        is_="blank_permille",
    )
