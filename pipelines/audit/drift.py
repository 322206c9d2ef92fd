"""A table's columns now against its columns at the ingest before."""

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found


def columns_where(con: duckdb.DuckDBPyConnection, table: str, condition: str, was: str, is_: str) -> Found | None:
    """Count the columns of ``table`` that meet ``condition`` over ``before.*`` and ``now.*``; None if none does.

    A table that the ingest before did not have is new as a whole and counts nothing. ``was`` and ``is_`` are the SQL
    of the figures in an example; names of columns say nothing about a person.
    """
    of_table = f"table_name = '{table}'"
    found = con.execute(
        f"""SELECT coalesce(now.column_name, before.column_name), CAST(before.{was} AS VARCHAR),
            CAST(now.{is_} AS VARCHAR)
        FROM (SELECT * FROM statistics.before WHERE {of_table}) AS before
        FULL JOIN (SELECT * FROM statistics.now WHERE {of_table}) AS now USING (column_name)
        WHERE ({condition}) AND EXISTS (FROM statistics.before WHERE {of_table}) ORDER BY ALL"""
    ).fetchall()
    examples = [{"column": column, "before": before, "now": now} for column, before, now in found[:EXAMPLES_N]]
    return Found(len(found), tuple(examples)) if found else None
