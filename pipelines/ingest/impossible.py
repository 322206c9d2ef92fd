"""Impossible values are emptied, not rejected: the rest of such a row (who did what when) is still of use."""

import duckdb

from pipelines.sources.impossible import IMPOSSIBLE


def empty_impossible(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Null such values of ``clean.<table>``; how many a column, as ``impossible_<column>_emptied``."""
    return {
        f"impossible_{column}_emptied": int(
            con.execute(f'UPDATE clean."{table}" SET "{column}" = NULL WHERE {never}').fetchall()[0][0]
        )
        for (of, column), never in IMPOSSIBLE.items()
        if of == table
    }
