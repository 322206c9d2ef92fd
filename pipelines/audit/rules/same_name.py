"""Several ids for what looks like one product: breadth and repurchase are blurred."""

import duckdb

from pipelines.audit.finding import Found, sum_where

CODE = "products.same_name"
TITLE = "Products that share name, category, brand and price with another"
ADVICE = "Bring them under one id in the SQL if they are one product; otherwise nothing needs doing."
SEVERITY = "note"
NEEDS = ("name",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    alike = f"SELECT min(name) AS name, count(DISTINCT product_id) AS ids FROM {table} WHERE name IS NOT NULL"
    groups = f"({alike} GROUP BY lower(name), category, brand, price)"
    return sum_where(con, groups, "ids > 1", "ids - 1", show=("name",))
