"""The SELECT returns what the file says as source_<column> and NULL as <column>: the value could not be used."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.returned import returned_columns

CODE = "any.value_lost_in_sql"
TITLE = "Rows with a value that the SELECT turned into nothing"
ADVICE = "Compare the source_ column with the column it became; map what can be read."
SEVERITY = "note"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    names = {name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
    pairs = sorted(name for name in returned_columns(con)[table] if f"source_{name}" in names)
    lost = [f"({name} IS NULL AND trim(CAST(source_{name} AS VARCHAR)) <> '' AND reason IS NULL)" for name in pairs]
    return rows_where(con, table, " OR ".join(lost) or "false")
