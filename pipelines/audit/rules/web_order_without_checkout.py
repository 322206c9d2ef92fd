"""More than a twentieth of the orders by web or app have no checkout event of the customer on the day or next to it."""

import duckdb

from pipelines.audit.customer_sql import near_days
from pipelines.audit.finding import Found, rows_where
from pipelines.sql import one_number, quoted_list

CODE = "orders.web_order_without_checkout"
TITLE = "Web orders without a checkout by the customer on the day"
ADVICE = "Check that the site logs every checkout, and that both tables use the same ids and the same time zone."
SEVERITY = "note"
NEEDS = ("channel", "events")
WEB = ("web", "app", "online", "site", "website", "mobile", "webshop")
SHARE = 0.05


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    tried = "FROM events WHERE kind = 'checkout'"
    inside = f"""(SELECT min("at") + INTERVAL 1 DAY {tried} AND reason IS NULL) AND (SELECT max("at") {tried}
        AND reason IS NULL)"""
    orders = f"""(SELECT order_id, any_value(customer_id) AS customer_id, min("at") AS "at" FROM {table}
        WHERE reason IS NULL AND kind = 'sale' AND lower(channel) IN {quoted_list(WEB)} GROUP BY order_id
        HAVING min("at") BETWEEN {inside})"""
    alone = f'(customer_id, CAST("at" AS DATE)) NOT IN ({near_days(tried)})'
    found = rows_where(con, orders, alone, show=("order_id", "at"))
    return found if found and found.count > SHARE * one_number(con, f"SELECT count(*) FROM {orders}") else None
