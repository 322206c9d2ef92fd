"""Rows readable before they happened: known_at is mapped from the wrong column, or in another time zone."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found, rows_where

CODE = "any.known_before_it_happened"
TITLE = "Rows known before they happened"
ADVICE = "Map known_at from the column that says when the row was loaded, in the same time zone as at."
TABLES = ("orders", "events", "touches", "feedback", "subscriptions", "loyalty")
NEEDS = ("known_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    time = TABLE_SPECS[table].time
    return rows_where(con, table, f'known_at < "{time}"', show=(str(time), "known_at"))
