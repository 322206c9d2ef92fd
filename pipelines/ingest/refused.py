"""Text of raw files that is no row, among the rejects of every table whose SELECT reads these files."""

import duckdb

from pipelines.sources.stage import Staged
from pipelines.sql import one_number, quoted_list


def add_refused_lines(con: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Add the lines to ``rejects.<table>`` with ``raw_file``, ``raw_line`` and ``raw_text``; their number.

    ``rejects.<table>`` has these columns only if there are such lines. Where customer ids are hidden the text, which
    may contain them, is left out.
    """
    aliases = con.get_table_names(staged.query)
    lines = f"FROM refused.lines WHERE alias IN {quoted_list(sorted(aliases))}"
    number = one_number(con, f"SELECT count(*) {lines}") if aliases else 0
    if number:
        text = "CAST(NULL AS VARCHAR) AS raw_text" if staged.hidden else "raw_text"
        rows = f'rejects."{staged.name}"'
        con.execute(
            f"""CREATE OR REPLACE TABLE {rows} AS FROM {rows}
                UNION ALL BY NAME SELECT reason, raw_file, raw_line, {text} {lines}"""
        )
    return number
