"""Rows equal to another in everything the source returns: an export run twice. One of each stays."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "any.exact_duplicates"
TITLE = "Rows that repeat another row exactly"
ADVICE = "Nothing needs doing: one of each stays; look for an export that ran twice if there are many."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    copies = one_number(con, f"SELECT count(*) - count(DISTINCT fingerprint) FROM {table}")
    return Found(copies) if copies else None
