"""More than a fifth of the checkouts are followed by no order of the customer within a day around."""

import duckdb

from pipelines.audit.finding import Found, Severity, one_number, rows_where

CODE = "events.checkout_without_order"
TITLE = "Checkouts without an order by the customer on the day"
ADVICE = "Check that every order reaches the export, and that both tables use the same ids and the same time zone."
SEVERITY: Severity = "note"
TABLES = ("events",)
NEEDS = ("orders",)
SHARE = 0.2


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = "(SELECT customer_id, \"at\" AS sold_at FROM orders WHERE reason IS NULL AND kind = 'sale')"
    spanned = f"""(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'checkout'
        AND "at" BETWEEN (SELECT min(sold_at) FROM {sold}) AND (SELECT max(sold_at) FROM {sold}) - INTERVAL 1 DAY)"""
    nearest = f"""(SELECT tried."at", tried.kind, later.sold_at FROM {spanned} AS tried
        ASOF LEFT JOIN {sold} AS later ON tried.customer_id = later.customer_id
            AND tried."at" + INTERVAL 1 DAY >= later.sold_at)"""
    found = rows_where(con, nearest, '(sold_at IS NULL OR sold_at < "at" - INTERVAL 1 DAY)', show=("at",))
    return found if found and found.count > SHARE * one_number(con, f"SELECT count(*) FROM {spanned}") else None
