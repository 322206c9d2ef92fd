"""Orders whose lines are more than a day apart: line times are of delivery, or order numbers are used again."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.groups import in_group_where

CODE = "orders.order_over_days"
TITLE = "Orders whose lines are days apart"
ADVICE = "Map the time of the order, not of its delivery, and check that order numbers are not used again."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    lines = f"FROM {table} WHERE order_id IS NOT NULL AND reason IS NULL"
    suspected = in_group_where(lines, ["order_id", "kind"], 'max("at") - min("at") > INTERVAL 1 DAY')
    spans = f'SELECT order_id, max("at") - min("at") AS span {lines} AND {suspected} GROUP BY order_id, kind'
    return rows_where(con, f"({spans})", "span > INTERVAL 1 DAY", show=("order_id",))
