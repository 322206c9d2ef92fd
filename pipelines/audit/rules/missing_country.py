"""Some customers lack the country that at least half have."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "customers.missing_country"
TITLE = "Customers without a country where most have one"
ADVICE = "Have the register completed; features of place and season are blank for these customers."
SEVERITY = "note"
NEEDS = ("country",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    usual = f"(SELECT count(country) >= 0.5 * count(*) FROM {table} WHERE reason IS NULL)"
    return rows_where(con, table, f"country IS NULL AND reason IS NULL AND {usual}")
