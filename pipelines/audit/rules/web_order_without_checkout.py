"""More than a twentieth of the orders by web or app have no checkout event of the customer within a day around."""

import duckdb

from pipelines.audit.finding import Found, Severity, one_number, rows_where

CODE = "orders.web_order_without_checkout"
TITLE = "Web orders without a checkout by the customer on the day"
ADVICE = "Check that the site logs every checkout, and that both tables use the same ids and the same time zone."
SEVERITY: Severity = "note"
TABLES = ("orders",)
NEEDS = ("channel", "events")
WEB = ("web", "app", "online", "site", "website", "mobile", "webshop")
SHARE = 0.05


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    web = ", ".join(f"'{channel}'" for channel in WEB)
    seen = "(SELECT customer_id, \"at\" AS checked_out FROM events WHERE reason IS NULL AND kind = 'checkout')"
    orders = f"""(SELECT order_id, any_value(customer_id) AS customer_id, min("at") AS "at" FROM {table}
        WHERE reason IS NULL AND kind = 'sale' AND lower(channel) IN ({web}) GROUP BY order_id)"""
    spanned = f"""(SELECT * FROM {orders} WHERE "at" BETWEEN (SELECT min(checked_out) FROM {seen}) + INTERVAL 1 DAY
        AND (SELECT max(checked_out) FROM {seen}))"""
    nearest = f"""(SELECT ordered.order_id, ordered."at", before.checked_out FROM {spanned} AS ordered
        ASOF LEFT JOIN {seen} AS before ON ordered.customer_id = before.customer_id
            AND ordered."at" + INTERVAL 1 DAY >= before.checked_out)"""
    missing = '(checked_out IS NULL OR checked_out < "at" - INTERVAL 1 DAY)'
    found = rows_where(con, nearest, missing, show=("order_id", "at"))
    return found if found and found.count > SHARE * one_number(con, f"SELECT count(*) FROM {spanned}") else None
