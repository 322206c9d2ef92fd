"""A row of kind feature_use without a feature."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "events.use_without_feature"
TITLE = "Uses of a feature that do not say which"
ADVICE = "Have the service log the feature; depth and breadth of use cannot count these rows."
SEVERITY: Severity = "note"
TABLES = ("events",)
NEEDS = ("feature",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "kind = 'feature_use' AND feature IS NULL AND reason IS NULL", show=("at",))
