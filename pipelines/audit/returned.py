"""Which columns a source returned: what decides whether a rule applies."""

from collections.abc import Mapping

import duckdb

Returned = Mapping[str, frozenset[str]]
"""Names of the columns that the source returned, by staged table."""

STATISTICS = "statistics"


def returned_columns(con: duckdb.DuckDBPyConnection) -> Returned:
    """Columns that the source returned, by staged table; ``statistics`` has ``before`` after an earlier ingest."""
    rows = con.execute(
        """SELECT table_name, column_name FROM duckdb_columns()
        WHERE schema_name = 'staged' AND starts_with(column_name, 'returned_')"""
    ).fetchall()
    returned: dict[str, set[str]] = {}
    for table, column in rows:
        returned.setdefault(table, set()).add(column.removeprefix("returned_"))
    stored = con.execute(f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{STATISTICS}'").fetchall()
    returned[STATISTICS] = {name for (name,) in stored}
    return {table: frozenset(columns) for table, columns in returned.items()}
