"""A correction that is older than the row it corrects: the columns are swapped, or two clocks differ."""

import duckdb

from features.tables import TABLES as TABLE_SPECS
from pipelines.audit.finding import Found, rows_where

CODE = "any.replaced_before_it_happened"
TITLE = "Rows corrected before they happened or were known"
ADVICE = "Map replaced_at from the moment at which the correction was loaded, in the same time zone as at."
TABLES = ("orders", "events", "touches", "feedback", "subscriptions", "loyalty")
NEEDS = ("replaced_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    time = TABLE_SPECS[table].time
    return rows_where(con, table, f'replaced_at < greatest("{time}", known_at)', show=(str(time), "known_at"))
