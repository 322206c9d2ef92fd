"""A checkout almost exactly an hour after an order of the customer, with no order right after it: a clock slipped."""

import duckdb

from pipelines.audit.finding import Found, Severity, rows_where

CODE = "events.checkout_after_its_order"
TITLE = "Checkouts an hour after the order they lead to"
ADVICE = "Bring the clocks of site and shop together: one of them is an hour off, or ignores summer time."
SEVERITY: Severity = "warning"
TABLES = ("events",)
NEEDS = ("orders",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = "(SELECT DISTINCT customer_id, \"at\" AS sold_at FROM orders WHERE reason IS NULL AND kind = 'sale')"
    tried = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'checkout')"
    judged = f"""(SELECT tried."at", before.sold_at AS before_at, after.sold_at AS after_at FROM {tried} AS tried
        ASOF JOIN {sold} AS before ON tried.customer_id = before.customer_id
            AND tried."at" - INTERVAL 58 MINUTE >= before.sold_at
        ASOF LEFT JOIN {sold} AS after ON tried.customer_id = after.customer_id AND tried."at" <= after.sold_at)"""
    hour_before = 'before_at >= "at" - INTERVAL 61 MINUTE'
    its_own = 'coalesce(after_at <= "at" + INTERVAL 10 MINUTE, false)'
    return rows_where(con, judged, f"{hour_before} AND NOT {its_own}", show=("at",))
