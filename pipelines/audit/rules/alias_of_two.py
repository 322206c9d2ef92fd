"""One further id of several customers: a shared device, or ids that were used again."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "identities.alias_of_two"
TITLE = "Aliases that belong to two customers"
ADVICE = "Decide in identities.sql whose the id is; the fullest row is taken until then."
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    owners = f"(SELECT count(DISTINCT customer_id) AS owners FROM {table} WHERE alias_id IS NOT NULL GROUP BY alias_id)"
    return rows_where(con, owners, "owners > 1")
