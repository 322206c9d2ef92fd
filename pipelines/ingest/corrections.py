"""Corrections: rows that became known later replace earlier ones with the same values in declared columns.

``[corrections]`` in source.toml declares the columns, for example ``order_id``. All rows that share them and a
``known_at`` are one version, for example the lines of an order. Nothing is deleted: the earlier version gets
``replaced_at``, so that a snapshot of the past still sees what was known then.
"""

from collections.abc import Sequence

import duckdb

from pipelines.sql import listed, one_number


def date_corrections(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Date the rows of ``staged.<table>`` that correct an earlier delivery by when their file arrived.

    This holds however recent they are: what was known when they happened is what the earlier file had.
    """
    names = listed(columns)
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
    """Delete versions from ``clean.<table>`` that repeat the version before them; returns how many rows."""
    names = listed(columns)
    equal = " AND ".join(f'later."{name}" = repeated."{name}"' for name in columns)
    return one_number(
        con,
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
            DELETE FROM clean."{table}" AS later USING repeated
            WHERE {equal} AND later.known_at = repeated.known_at""",
    )


def mark_replaced(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> int:
    """Set ``replaced_at`` in ``clean.<table>`` to when the next version was known; returns how many rows.

    A ``replaced_at`` from the source stays. Null equals nothing, so rows with a null in ``columns`` are never replaced.
    """
    names = listed(columns)
    equal = " AND ".join(f'old."{name}" = version."{name}"' for name in columns)
    return one_number(
        con,
        f"""UPDATE clean."{table}" AS old SET replaced_at = version.next_known FROM (
                SELECT *, lead(known_at) OVER (PARTITION BY {names} ORDER BY known_at NULLS FIRST) AS next_known
                FROM (SELECT DISTINCT {names}, known_at FROM clean."{table}")) AS version
            WHERE version.next_known IS NOT NULL AND old.replaced_at IS NULL AND {equal}
              AND old.known_at IS NOT DISTINCT FROM version.known_at""",
    )
