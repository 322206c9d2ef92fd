"""One customer with a tenth of all order lines of a shop with many customers: a till, a reseller or a placeholder."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "orders.dominant_customer"
TITLE = "Order lines of a single customer with a large share"
ADVICE = "Find out who it is; map a till or a placeholder to NULL in the SQL."
CUSTOMERS_MIN = 20
SHARE = 0.1


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    share = "count(*) AS lines, sum(count(*)) OVER () AS all_lines, count(*) OVER () AS customers"
    customers = f"(SELECT {share} FROM {table} WHERE customer_id IS NOT NULL GROUP BY customer_id)"
    dominant = f"customers >= {CUSTOMERS_MIN} AND lines > {SHARE} * all_lines"
    lines = one_number(con, f"SELECT sum(lines) FROM {customers} WHERE {dominant}")
    return Found(lines) if lines else None
