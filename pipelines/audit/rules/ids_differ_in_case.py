"""Product ids written in capitals here and in small letters there: one product is counted as two."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "any.product_ids_differ_in_case"
TITLE = "Product ids that differ only in case"
ADVICE = "Write product ids in one case in the SQL of every table, for example with upper()."
TABLES = ("products", "orders")
NEEDS = ("product_id",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    spellings = f"SELECT min(product_id) AS product_id, count(DISTINCT product_id) AS n FROM {table}"
    return rows_where(con, f"({spellings} GROUP BY lower(product_id))", "n > 1", show=("product_id",))
