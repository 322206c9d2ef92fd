"""A table lost a twentieth of its rows since the last ingest: a file is missing, or an export was cut."""

import duckdb

from pipelines.audit.finding import Found

CODE = "any.fewer_rows"
TITLE = "Rows fewer than at the last ingest"
ADVICE = "Make sure that every file is there: a history only grows, unless somebody was erased or an export was cut."
SEVERITY = "error"
NEEDS = ("statistics.before",)
SHARE = 0.05
ROWS_MIN = 10


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    now, before = con.execute(
        "SELECT (SELECT max(rows) FROM statistics.now WHERE table_name = ?), max(rows) "
        "FROM statistics.before WHERE table_name = ?",
        [table, table],
    ).fetchall()[0]
    return Found(before - now) if before is not None and before - now > max(ROWS_MIN, SHARE * before) else None
