"""Events of one session belong to several customers: session ids used again, or a shared device."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.groups import in_group_where

CODE = "events.session_of_two_customers"
TITLE = "Sessions of several customers"
ADVICE = "Make session ids unique, for example by putting the device or the day before them."
NEEDS = ("session_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    visits = f"FROM {table} WHERE session_id IS NOT NULL AND reason IS NULL"
    suspected = in_group_where(visits, ["session_id"], "min(customer_id) < max(customer_id)")
    owners = f"SELECT count(DISTINCT customer_id) AS owners {visits} AND {suspected} GROUP BY session_id"
    return rows_where(con, f"({owners})", "owners > 1")
