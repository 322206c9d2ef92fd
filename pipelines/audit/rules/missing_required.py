"""Rows without an order number, a time, a quantity or another required value (customers apart). They are rejected."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "any.missing_required"
TITLE = "Rows without a value they need"
ADVICE = "Look at the rejects with this reason and correct the SQL or the export."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    condition = "reason LIKE 'missing_%' AND reason <> 'missing_customer_id'"
    return rows_where(con, table, condition, show=("reason",))
