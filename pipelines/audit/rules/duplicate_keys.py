"""Two different rows for one product or version of a profile: the most complete one stays, the others are rejected."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found
from pipelines.sql import one_number

CODE = "any.duplicate_keys"
TITLE = "Rows that share a key but differ"
ADVICE = "Return one row a key, or give known_at so that the rows become versions of a profile."
TABLES = ("customers", "identities", "products", "contacts", "campaigns")


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    key = TABLE_SPECS[table].key
    versions = f"SELECT count(DISTINCT fingerprint) AS versions FROM {table} WHERE reason IS NULL"
    surplus = one_number(con, f"SELECT sum(versions - 1) FROM ({versions} GROUP BY {', '.join(key)})")
    return Found(surplus) if surplus else None
