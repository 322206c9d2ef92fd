"""Several ids for what looks like one product: breadth and repurchase are blurred."""

import duckdb

from pipelines.audit.finding import Found, examples_of
from pipelines.sql import one_number

CODE = "products.same_name"
TITLE = "Products that share name, category, brand and price with another"
ADVICE = "Bring them under one id in the SQL if they are one product; otherwise nothing needs doing."
SEVERITY = "note"
NEEDS = ("name",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    alike = f"SELECT min(name) AS name, count(DISTINCT product_id) AS ids FROM {table} WHERE name IS NOT NULL"
    groups = f"({alike} GROUP BY lower(name), category, brand, price)"
    surplus = one_number(con, f"SELECT sum(ids - 1) FROM {groups}")
    return Found(surplus, examples_of(con, f"FROM {groups} WHERE ids > 1", ("name",))) if surplus else None
