"""Who is who: the ids under which the source knows a customer, for rules that compare tables."""

import duckdb

from pipelines.audit.profile import given_columns


def known_customers(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of every id that customers or identities hold."""
    ids = ["SELECT customer_id FROM customers WHERE customer_id IS NOT NULL"]
    if "identities" in given_columns(con):
        ids.append("SELECT alias_id FROM identities WHERE alias_id IS NOT NULL")
    return " UNION ALL ".join(ids)
