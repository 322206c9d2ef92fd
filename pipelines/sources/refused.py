"""Text of raw files that is no row, for each table whose SELECT reads these files."""

from collections.abc import Collection, Sequence

import duckdb

from pipelines.sources.stage import Staged
from pipelines.sql import one_number, quoted_list


def lines_of(staged: Staged) -> str:
    """``refused.lines WHERE ...``: the lines of the files that the table's SELECT reads."""
    return f"refused.lines WHERE alias IN {quoted_list(['', *sorted(staged.aliases)])}"


def add_refused_lines(con: duckdb.DuckDBPyConnection, staged: Sequence[Staged]) -> dict[str, int]:
    """Add the lines to ``rejects.<table>`` with ``raw_file``, ``raw_line`` and ``raw_text``; their number by table.

    ``rejects.<table>`` has these columns only if there are such lines. The text is left out where customer ids are
    hidden, which it may contain, and of files that fill a vault.
    """
    sealed = {alias for table in staged if table.spec.vault for alias in table.aliases}
    return {table.name: _add(con, table, sealed) for table in staged}


def _add(con: duckdb.DuckDBPyConnection, staged: Staged, sealed: Collection[str]) -> int:
    lines = lines_of(staged)
    number = one_number(con, f"SELECT count(*) FROM {lines}")
    if number:
        hidden = "true" if staged.hidden else f"alias IN {quoted_list(['', *sorted(sealed)])}"
        rows = f'rejects."{staged.name}"'
        con.execute(
            f"""CREATE OR REPLACE TABLE {rows} AS FROM {rows}
                UNION ALL BY NAME
                SELECT reason, raw_file, raw_line, CASE WHEN NOT {hidden} THEN raw_text END AS raw_text FROM {lines}"""
        )
    return number
