"""Corrections: a row that was known later takes the place of those known before with the same declared columns.

All rows that share these columns and a ``known_at`` are one version (say, the lines of an order). Nothing is deleted:
the earlier version gets ``replaced_at``, so that the past can still be seen as it was seen then.
"""

from collections.abc import Sequence

import duckdb


def date_corrections(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Give a row of ``staged.<table>`` that says again what an earlier delivery said the instant its file came.

    However fresh it is: it was not known when it happened, what the earlier file said was.
    """
    names = _listed(columns)
    con.execute(
        f"""UPDATE staged."{table}" SET known_at = delivered_at WHERE rowid IN (SELECT row FROM (
            SELECT rowid AS row, known_at, delivered_at,
                min(coalesce(delivered_at, TIMESTAMP '-infinity')) OVER (PARTITION BY {names}) AS first_delivered
            FROM staged."{table}" SEMI JOIN (
                SELECT DISTINCT {names} FROM staged."{table}" WHERE delivered_at IS NOT NULL AND known_at IS NULL
            ) USING ({names}) WHERE reason IS NULL)
            WHERE known_at IS NULL AND delivered_at > first_delivered)"""
    )


def drop_repeats(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> int:
    """Delete versions from ``clean.<table>`` that repeat the version before them row for row; how many rows."""
    names = _listed(columns)
    equal = " AND ".join(f'kept."{name}" = repeated."{name}"' for name in columns)
    dropped = con.execute(
        f"""WITH versions AS (
                SELECT {names}, known_at, list_sort(list(DISTINCT fingerprint)) AS content
                FROM staged."{table}" SEMI JOIN (
                    SELECT DISTINCT {names} FROM staged."{table}" WHERE known_at IS NOT NULL) USING ({names})
                WHERE reason IS NULL GROUP BY {names}, known_at),
            repeated AS (
                SELECT * FROM (
                    SELECT {names}, known_at, content,
                        lag(content) OVER (PARTITION BY {names} ORDER BY known_at NULLS FIRST) AS content_before
                    FROM versions) WHERE content = content_before)
            DELETE FROM clean."{table}" AS kept USING repeated
            WHERE {equal} AND kept.known_at = repeated.known_at"""
    ).fetchall()
    return int(dropped[0][0])


def mark_replaced(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> int:
    """Set ``replaced_at`` in ``clean.<table>`` to when the next version was known; how many rows.

    A row that has it from the source keeps it. An empty cell equals nothing: such rows are never replaced.
    """
    names = _listed(columns)
    equal = " AND ".join(f'old."{name}" = version."{name}"' for name in columns)
    marked = con.execute(
        f"""UPDATE clean."{table}" AS old SET replaced_at = version.next_known FROM (
                SELECT *, lead(known_at) OVER (PARTITION BY {names} ORDER BY known_at NULLS FIRST) AS next_known
                FROM (SELECT DISTINCT {names}, known_at FROM clean."{table}")) AS version
            WHERE version.next_known IS NOT NULL AND old.replaced_at IS NULL AND {equal}
              AND old.known_at IS NOT DISTINCT FROM version.known_at"""
    ).fetchall()
    return int(marked[0][0])


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
