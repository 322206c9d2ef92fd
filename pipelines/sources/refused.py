"""Text of raw files that is no row, for each table whose SELECT reads these files."""

import duckdb

from pipelines.sources.stage import Staged
from pipelines.sql import one_number, quoted_list


def lines_of(con: duckdb.DuckDBPyConnection, staged: Staged) -> str:
    """``refused.lines WHERE ...``: the lines of the files that the table's SELECT reads."""
    return f"refused.lines WHERE alias IN {quoted_list(['', *sorted(con.get_table_names(staged.query))])}"


def add_refused_lines(con: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Add the lines to ``rejects.<table>`` with ``raw_file``, ``raw_line`` and ``raw_text``; their number.

    ``rejects.<table>`` has these columns only if there are such lines. Where customer ids are hidden the text, which
    may contain them, is left out.
    """
    lines = lines_of(con, staged)
    number = one_number(con, f"SELECT count(*) FROM {lines}")
    if number:
        text = "CAST(NULL AS VARCHAR) AS raw_text" if staged.hidden else "raw_text"
        rows = f'rejects."{staged.name}"'
        con.execute(
            f"""CREATE OR REPLACE TABLE {rows} AS FROM {rows}
                UNION ALL BY NAME SELECT reason, raw_file, raw_line, {text} FROM {lines}"""
        )
    return number
