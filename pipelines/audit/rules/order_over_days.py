"""Orders whose lines are more than a day apart: line times are of delivery, or order numbers are used again."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.order_over_days"
TITLE = "Orders whose lines are days apart"
ADVICE = "Map the time of the order, not of its delivery, and check that order numbers are not used again."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    spans = f'SELECT order_id, max("at") - min("at") AS span FROM {table} WHERE order_id IS NOT NULL AND reason IS NULL'
    return rows_where(con, f"({spans} GROUP BY order_id, kind)", "span > INTERVAL 1 DAY", show=("order_id",))
