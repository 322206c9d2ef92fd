"""Contacts, answers and contracts more than a day older than their customer's sign-up and first order."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found, rows_where
from pipelines.audit.returned import returned_columns

CODE = "any.before_sign_up"
TITLE = "Rows from before their customer signed up or bought"
ADVICE = "Check the time zones of both tables, and that signed_up_at is the first registration, not the last change."
TABLES = ("touches", "feedback", "subscriptions")
NEEDS = ("customers.signed_up_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    time = TABLE_SPECS[table].time
    early = f'reason IS NULL AND "{time}" < known_from - INTERVAL 1 DAY'
    return rows_where(con, f"({table} JOIN ({_known_from(con)}) USING (customer_id))", early, show=(str(time),))


def _known_from(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of each customer with the sign-up or, where it is earlier, the first order under any of their ids."""
    returned = returned_columns(con)
    met = ["SELECT customer_id, signed_up_at AS since FROM customers WHERE reason IS NULL"]
    if "orders" in returned:
        met.append('SELECT customer_id, "at" FROM orders WHERE reason IS NULL')
    if {"orders", "identities"} <= returned.keys():
        met.append(
            """SELECT identities.customer_id, "at" FROM orders JOIN identities ON orders.customer_id = alias_id
            WHERE orders.reason IS NULL AND identities.reason IS NULL"""
        )
    registered = "SELECT customer_id FROM customers WHERE signed_up_at IS NOT NULL"
    return f"""SELECT customer_id, min(since) AS known_from FROM ({" UNION ALL ".join(met)})
        WHERE customer_id IN ({registered}) GROUP BY customer_id"""
