"""An alias of a customer who is not in the customers table. An alias of two customers is a finding of its own."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "identities.alias_of_unknown"
TITLE = "Aliases of customers that customers lacks"
ADVICE = "Export the register anew with all customers, or correct the ids in identities.sql."
NEEDS = ("customers",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    one_owner = f"(SELECT alias_id FROM {table} GROUP BY alias_id HAVING count(DISTINCT customer_id) = 1)"
    unknown = "customer_id NOT IN (SELECT customer_id FROM customers WHERE customer_id IS NOT NULL)"
    return rows_where(con, table, f"{unknown} AND alias_id IN {one_owner}")
