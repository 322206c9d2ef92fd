"""Corrections: rows that became known later replace earlier ones with the same values in declared columns.

``[corrections]`` in source.toml declares the columns, for example ``order_id``. All rows that share them and a
``known_at`` are one version, for example the lines of an order. Nothing is deleted: the earlier version gets
``replaced_at``, so that a snapshot of the past still sees what was known then.
"""

from collections.abc import Sequence

import duckdb

from pipelines.sql import listed, one_number

VERSION = "coalesce(known_at, delivered_at, TIMESTAMP '-infinity')"


def show_replaced(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Make ``standing.<table>``, which the audit reads in place of ``staged.<table>``, if it has corrected rows.

    There ``replaced_at`` is set where a later delivery replaces the row, so that two versions of one contract are not
    taken for two contracts.
    """
    names, newest = listed(columns), f'standing."newest_{table}"'
    con.execute(
        f"""CREATE TABLE {newest} AS SELECT {names}, max({VERSION}) AS newest_version FROM staged."{table}"
        WHERE reason IS NULL GROUP BY {names} HAVING min({VERSION}) < max({VERSION})"""
    )
    if one_number(con, f"SELECT count(*) FROM {newest}"):
        replaced = f"CASE WHEN {VERSION} < newest_version THEN newest_version END"
        con.execute(
            f"""CREATE VIEW standing."{table}" AS
            SELECT version.* REPLACE (coalesce(replaced_at, {replaced}) AS replaced_at)
            FROM staged."{table}" AS version LEFT JOIN {newest} USING ({names})"""
        )


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
