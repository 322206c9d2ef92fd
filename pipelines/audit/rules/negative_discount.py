"""Discounts below zero: surcharges, or a sign turned around. They are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "orders.negative_discount"
TITLE = "Order lines with a discount below zero"
ADVICE = "Turn the sign around in orders.sql if discounts are stored negative; otherwise leave surcharges out."
SEVERITY: Severity = "warning"
TABLES = ("orders",)
NEEDS = ("discount",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "discount < 0", show=("order_id", "discount"))
