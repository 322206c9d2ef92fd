"""Two different rows for one customer or product: the fullest is kept, the others are rejected."""

import duckdb

from pipelines.audit.finding import Found, Severity, one_number

CODE = "any.duplicate_keys"
TITLE = "Rows that share a key but differ"
SEVERITY: Severity = "warning"
TABLES = ("customers", "products")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    key = "customer_id" if table == "customers" else "product_id"
    versions = f"SELECT count(DISTINCT fingerprint) AS versions FROM {table} WHERE {key} IS NOT NULL GROUP BY {key}"
    surplus = one_number(con, f"SELECT sum(versions - 1) FROM ({versions})")
    return Found(surplus) if surplus else None
