"""Returns and cancellations: kept, with a positive quantity, beside the sale they take back."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.returns"
TITLE = "Returned order lines"
ADVICE = "Nothing needs doing: they stand beside the sales they take back."
SEVERITY: Severity = "note"
TABLES = ("orders",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "kind = 'return'", show=("order_id", "at", "product_id", "quantity"))
