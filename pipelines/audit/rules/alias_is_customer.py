"""An alias that is the customer of another row: a chain, or a circle. An alias of itself is a finding of its own."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "identities.alias_is_customer"
TITLE = "Aliases that have aliases themselves"
ADVICE = "Return the last customer of such a chain for every alias."
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    other = f"(SELECT customer_id FROM {table} WHERE customer_id <> alias_id)"
    return rows_where(con, table, f"alias_id <> customer_id AND alias_id IN {other}")
