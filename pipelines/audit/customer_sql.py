"""SQL about customers for rules that compare tables: which ids are known, and on which days a customer acted."""

import duckdb

from pipelines.audit.returned import returned_columns


def known_customers(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of every id in customers or identities."""
    ids = ["SELECT customer_id FROM customers WHERE customer_id IS NOT NULL"]
    if "identities" in returned_columns(con):
        ids.append("SELECT alias_id FROM identities WHERE alias_id IS NOT NULL")
    return " UNION ALL ".join(ids)


def near_days(rows: str) -> str:
    """SELECT of each customer with every day on which, or next to which, one of ``rows`` (a FROM clause) lies."""
    return f"""SELECT customer_id, CAST("at" AS DATE) + unnest([-1, 0, 1]) AS day {rows}
        AND reason IS NULL AND customer_id IS NOT NULL"""
