"""One e-mail address of several customers: one person under several ids, or an address of the shop's own."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "contacts.of_several"
TITLE = "Contacts whose e-mail address another customer has too"
ADVICE = "Bring the ids of one person together with identities.sql, and return NULL for the shop's own addresses."
NEEDS = ("email",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    address = f"SELECT lower(email) AS address, customer_id FROM {table} WHERE reason IS NULL AND email IS NOT NULL"
    shared = f"SELECT address FROM ({address}) GROUP BY address HAVING count(DISTINCT customer_id) > 1"
    return rows_where(con, table, f"reason IS NULL AND lower(email) IN ({shared})")
