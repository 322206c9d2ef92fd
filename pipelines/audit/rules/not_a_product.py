"""Postage, fees, vouchers, manual corrections: set aside, as they say nothing of taste."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.not_a_product"
TITLE = "Order lines that are no goods"
ADVICE = "Nothing needs doing if the list under [not_products] is right."
SEVERITY: Severity = "note"
TABLES = ("orders",)
NEEDS: tuple[str, ...] = ()


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "not_product", show=("product_id",))
