"""A contract that pays the customer: a credit, or a sign turned around."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "subscriptions.negative_price"
TITLE = "Contracts with a price below zero"
ADVICE = "Correct the sign, or leave credits out of subscriptions.sql."
SEVERITY: Severity = "warning"
TABLES = ("subscriptions",)
NEEDS = ("price",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(con, table, "price < 0", show=("plan", "price"))
