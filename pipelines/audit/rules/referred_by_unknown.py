"""Customers recommended by an id that is in neither customers nor identities: a voucher code instead of a customer."""

import duckdb

from features.tables import SOMEBODY
from pipelines.audit.customer_sql import known_customers
from pipelines.audit.finding import Found, rows_where

CODE = "customers.referred_by_unknown"
TITLE = "Customers whose referrer customers lacks"
ADVICE = "Return the referrer's customer id in customers.sql, not a code or a name."
NEEDS = ("referred_by",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    return rows_where(
        con, table, f"reason IS NULL AND referred_by NOT IN ({known_customers(con)} UNION ALL SELECT '{SOMEBODY}')"
    )
