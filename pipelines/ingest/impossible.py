"""Impossible values are emptied, not rejected: the rest of such a row (who did what when) is still of use."""

import duckdb

from pipelines.sources.impossible import IMPOSSIBLE
from pipelines.sources.stage import Staged


def empty_impossible(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, int]:
    """Null such values in ``clean.<table>``; how many a column, as ``impossible_<column>_emptied``."""
    names = {column.name for column in staged.columns}
    return {
        f"impossible_{column}_emptied": int(
            con.execute(f'UPDATE clean."{staged.name}" SET "{column}" = NULL WHERE {never}').fetchall()[0][0]
        )
        for (of, column), never in IMPOSSIBLE.items()
        if of == staged.name and column in names
    }
