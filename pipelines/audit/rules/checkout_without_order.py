"""More than a fifth of the checkouts are followed by no order of the customer on the day or next to it."""

import duckdb

from pipelines.audit.customer_sql import near_days
from pipelines.audit.finding import Found, rows_where
from pipelines.sql import one_number

CODE = "events.checkout_without_order"
TITLE = "Checkouts without an order by the customer on the day"
ADVICE = "Check that every order reaches the export, and that both tables use the same ids and the same time zone."
SEVERITY = "note"
NEEDS = ("orders",)
SHARE = 0.2


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = "FROM orders WHERE kind = 'sale'"
    inside = f"""(SELECT min("at") {sold} AND reason IS NULL) AND (SELECT max("at") - INTERVAL 1 DAY {sold}
        AND reason IS NULL)"""
    checkouts = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'checkout' AND \"at\" BETWEEN {inside})"
    alone = f'(customer_id, CAST("at" AS DATE)) NOT IN ({near_days(sold)})'
    found = rows_where(con, checkouts, alone, show=("at",))
    return found if found and found.count > SHARE * one_number(con, f"SELECT count(*) FROM {checkouts}") else None
