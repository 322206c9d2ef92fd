"""The share of blank values of a column moved by more than a tenth of all rows, and more than chance would."""

import duckdb

from pipelines.audit.drift import columns_where
from pipelines.audit.finding import Found

CODE = "any.nulls_jumped"
TITLE = "Columns with far more or fewer blanks than at the last ingest"
ADVICE = "Find out what changed in the system that fills them before training again."
NEEDS = ("statistics.before",)
SHARE = 0.1
ERRORS = 5


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    moved = "abs(now.blank_permille - before.blank_permille) / 1000.0"
    chance = f"{ERRORS} * sqrt(0.25 / least(now.rows, before.rows))"
    filled = "now.blank_permille < 1000 AND least(now.rows, before.rows) > 0"
    condition = f"{moved} > greatest({SHARE}, {chance}) AND {filled}"
    return columns_where(con, table, condition, was="blank_permille", is_="blank_permille")
