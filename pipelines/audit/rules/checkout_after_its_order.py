"""A checkout almost exactly an hour after an order of the customer, with no order right after it: a clock slipped."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "events.checkout_after_its_order"
TITLE = "Checkouts an hour after the order they lead to"
ADVICE = "Bring the clocks of site and shop together: one of them is an hour off, or ignores summer time."
NEEDS = ("orders",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    sold = "(SELECT DISTINCT customer_id, \"at\" AS sold_at FROM orders WHERE reason IS NULL AND kind = 'sale')"
    tried = f"(SELECT * FROM {table} WHERE reason IS NULL AND kind = 'checkout')"
    judged = f"""(SELECT tried."at", tried.session_id, before.sold_at AS before_at, after.sold_at AS after_at
        FROM {tried} AS tried
        ASOF JOIN {sold} AS before ON tried.customer_id = before.customer_id
            AND tried."at" - INTERVAL 58 MINUTE >= before.sold_at
        ASOF LEFT JOIN {sold} AS after ON tried.customer_id = after.customer_id AND tried."at" <= after.sold_at)"""
    hour_before = 'before_at >= "at" - INTERVAL 61 MINUTE'
    its_own = 'coalesce(after_at <= "at" + INTERVAL 10 MINUTE, false)'
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE late_checkouts AS SELECT * FROM {judged} WHERE {hour_before} AND NOT {its_own}"
    )
    # A visit that is still going on leads to an order to come, or to none: its clock is right.
    going_on = f"""SELECT late.session_id, late."at" FROM late_checkouts AS late JOIN {table} AS other
        ON late.session_id = other.session_id AND other."at" < late."at"
            AND other."at" > late."at" - INTERVAL 30 MINUTE AND other.reason IS NULL"""
    its_last = f'coalesce((session_id, "at") NOT IN ({going_on}), true)'
    return rows_where(con, "late_checkouts", its_last, show=("at",))
