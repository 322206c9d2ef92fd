"""Rows equal to another in everything the source returns: an export run twice. One of each stays."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "any.exact_duplicates"
TITLE = "Rows that repeat another row exactly"
ADVICE = (
    "Look whether an export ran twice, one of each stays; if the equal lines of an order are units, set "
    'repeated_lines = "units" in source.toml.'
)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    copies = one_number(con, f"SELECT count(*) - count(DISTINCT fingerprint) FROM {table}")
    return Found(copies) if copies else None
