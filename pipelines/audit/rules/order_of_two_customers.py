"""Order numbers that several customers share: the numbers start again, or two shops were put together."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.groups import in_group_where

CODE = "orders.order_of_two_customers"
TITLE = "Orders that belong to two customers"
ADVICE = "Make order numbers unique in orders.sql, for example by putting the shop's code before them."
SEVERITY = "error"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    lines = f"FROM {table} WHERE order_id IS NOT NULL"
    suspected = in_group_where(lines, ["order_id"], "min(customer_id) < max(customer_id)")
    owners = f"SELECT order_id, count(DISTINCT customer_id) AS owners {lines} AND {suspected} GROUP BY order_id"
    return rows_where(con, f"({owners})", "owners > 1", show=("order_id",))
