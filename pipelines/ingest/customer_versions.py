"""Versions of a customer's attributes, merged where several ids belong to one customer.

``clean.customers`` has a row for each version. :func:`merge_linked` adds versions under a customer's main id, as of
every moment at which something about one of the linked ids became known; what was known of an id before is not
changed. :func:`carry_forward` then fills the empty cells of a version from the one before.
"""

from collections.abc import Sequence
from typing import Literal

import duckdb

from pipelines.ingest.identities import ALWAYS
from pipelines.sql import one_number

# Which of several values wins, as an order: when it was recorded, whether under the main id, under which id.
WINNERS = {"newest": "(recorded, own, id)", "main": "(own, recorded, id)"}


def attributes(columns: Sequence[str]) -> list[str]:
    """The columns of ``customers`` that describe a customer, quoted."""
    return [f'"{name}"' for name in columns if name not in {"customer_id", "known_at"}]


def merge_linked(
    con: duckdb.DuckDBPyConnection, columns: Sequence[str], conflicts: Literal["newest", "main"]
) -> tuple[dict[str, int], dict[str, int]]:
    """Add merged versions to ``clean.customers`` for the links of ``clean.identities``.

    Returns the repairs, and for each column the customers whose ids have different newest values.
    """
    names = attributes(columns)
    _write_linked(con, names)
    merged = ", ".join(f"max_by({name}, {WINNERS[conflicts]}) AS {name}" for name in names)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE merged AS
            WITH firsts AS (SELECT main, min(seen) AS linked_at FROM linked WHERE NOT own GROUP BY main),
            moments AS (SELECT DISTINCT main, seen AS moment FROM linked JOIN firsts USING (main)
                WHERE seen >= linked_at)
            SELECT main AS customer_id, {merged}, nullif(moment, {ALWAYS}) AS known_at
            FROM moments JOIN linked USING (main) WHERE seen <= moment GROUP BY main, moment"""
    )
    replaced = con.execute(
        """DELETE FROM clean.customers AS old USING merged
            WHERE old.customer_id = merged.customer_id AND old.known_at IS NOT DISTINCT FROM merged.known_at"""
    ).fetchall()[0][0]
    added = con.execute("INSERT INTO clean.customers BY NAME FROM merged").fetchall()[0][0]
    return {"merged_version_added": int(added), "replaced_by_merged_version": int(replaced)}, _conflicts(con, names)


def _write_linked(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Write ``linked``: every version of every linked id, when it was recorded, and since when ``main`` has it."""
    recorded = f"coalesce(version.known_at, {ALWAYS})"
    values = ", ".join(f"version.{name}" for name in names)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE linked AS
            SELECT link.customer_id AS main, link.alias_id AS id, false AS own, {recorded} AS recorded,
                greatest({recorded}, coalesce(link.known_at, {ALWAYS})) AS seen, {values}
            FROM clean.identities AS link JOIN clean.customers AS version ON version.customer_id = link.alias_id"""
    )
    con.execute(
        f"""INSERT INTO linked BY NAME
            SELECT version.customer_id AS main, version.customer_id AS id, true AS own, {recorded} AS recorded,
                {recorded} AS seen, {values}
            FROM clean.customers AS version WHERE version.customer_id IN (SELECT main FROM linked)"""
    )


def _conflicts(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, int]:
    newest = ", ".join(f"max_by({name}, recorded) AS {name}" for name in names)
    values_n = ", ".join(f"count(DISTINCT {name}) > 1 AS {name}" for name in names)
    counts = ", ".join(f"count(*) FILTER ({name})" for name in names)
    found = con.execute(
        f"""SELECT {counts} FROM (SELECT {values_n} FROM (
            SELECT main, id, {newest} FROM linked
            WHERE main NOT IN (SELECT alias_id FROM clean.identities) GROUP BY main, id) GROUP BY main)"""
    ).fetchall()[0]
    return {name.strip('"'): int(n) for name, n in zip(names, found, strict=True) if n}


def carry_forward(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> dict[str, int]:
    """Fill empty attributes from the version before; then drop versions equal to the one before.

    Returns the repairs: the filled cells, the dropped rows. A register that is delivered every day repeats most of its
    rows, so there would be as many equal versions as days.
    """
    names = attributes(columns)
    filled = ", ".join(f"last_value({name} IGNORE NULLS) OVER so_far AS {name}" for name in names)
    cells = " + ".join(f"CAST({name} IS NOT NULL AS INTEGER)" for name in names)
    before = one_number(con, f"SELECT sum({cells}) FROM clean.customers")
    con.execute(
        f"""CREATE OR REPLACE TABLE clean.customers AS SELECT customer_id, {filled}, known_at FROM clean.customers
            WINDOW so_far AS (PARTITION BY customer_id ORDER BY known_at NULLS FIRST
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"""
    )
    filled_n = one_number(con, f"SELECT sum({cells}) FROM clean.customers") - before
    values = f"struct_pack({', '.join(f'{name} := {name}' for name in names)})"
    dropped = con.execute(
        f"""DELETE FROM clean.customers WHERE rowid IN (SELECT row FROM (
            SELECT rowid AS row, {values} AS content, lag({values}) OVER versions AS content_before,
                row_number() OVER versions AS number FROM clean.customers
            WINDOW versions AS (PARTITION BY customer_id ORDER BY known_at NULLS FIRST))
            WHERE number > 1 AND content IS NOT DISTINCT FROM content_before)"""
    ).fetchall()[0][0]
    return {"filled_from_earlier_version": filled_n, "unchanged_version_dropped": int(dropped)}
