"""Order numbers that several customers share: the numbers start again, or two shops were put together."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.order_of_two_customers"
TITLE = "Orders that belong to two customers"
ADVICE = "Make order numbers unique in orders.sql, for example by putting the shop's code before them."
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    owners = f"SELECT order_id, count(DISTINCT customer_id) AS owners FROM {table} WHERE order_id IS NOT NULL"
    return rows_where(con, f"({owners} GROUP BY order_id)", "owners > 1", show=("order_id",))
