"""Ids written with spaces around them: trimmed, as they would make two customers or products of one."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.returned import returned_columns

CODE = "any.stray_spaces"
TITLE = "Ids with spaces around them"
ADVICE = "Nothing needs doing: they are trimmed; other systems that join on these ids may need a correction."
SEVERITY = "note"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    ids = sorted(name for name in returned_columns(con)[table] if name.endswith("_id"))
    conditions = [f"CAST(returned_{id_} AS VARCHAR) <> {id_}" for id_ in ids]
    return rows_where(con, table, " OR ".join(conditions or ["false"]))
