"""Nearly every customer has one order: the id is one of the order, an address or a guest's, not that of a person."""

import duckdb

from pipelines.audit.finding import Found

CODE = "orders.nobody_comes_back"
TITLE = "Customers who never order again"
ADVICE = (
    "Return an id that stays with a person as customer_id (an e-mail address, a card, customer_unique_id); without one "
    "nothing can be learned about who comes back."
)
SEVERITY = "error"
CUSTOMERS_MIN = 50
DAYS_MIN = 90
SHARE = 0.005


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    customers, back, days = con.execute(
        f"""SELECT count(*), count(*) FILTER (first_order < last_order),
            date_diff('day', min(first_at), max(last_at))
        FROM (SELECT min(order_id) AS first_order, max(order_id) AS last_order, min("at") AS first_at,
                max("at") AS last_at
            FROM {table} WHERE kind = 'sale' AND customer_id IS NOT NULL AND "at" < getvariable('present')
            GROUP BY customer_id)"""
    ).fetchall()[0]
    nobody = customers >= CUSTOMERS_MIN and days >= DAYS_MIN and back <= SHARE * customers
    return Found(customers - back) if nobody else None
