"""Excluding the erased: their rows leave the staged tables before anything is counted or stored.

An id that the identity table gives to an erased customer is erased with them, and so is a line without a customer that
belongs to an order or a visit of theirs and of nobody else.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from pipelines.privacy.erased import Erased, follow, tombstone_sql
from pipelines.privacy.person_rows import (
    RAW_TEXT,
    PersonRows,
    condition,
    define_person,
    erased_from_part,
    mentioned,
    without_mention,
)
from pipelines.privacy.pseudonyms import define_pseudonym
from pipelines.sources.casting import trimmed
from pipelines.sources.refused import lines_of
from pipelines.sources.stage import HIDDEN, Staged, make_table
from pipelines.sql import one_number

LEADS = {
    "person_orders": ("orders", "order_id"),
    "person_sessions": ("events", "session_id"),
    "person_decisions": ("touches", "decision_id"),
}


def drop_erased(
    con: duckdb.DuckDBPyConnection, erased: Erased, staged: Sequence[Staged], parts: Iterable[Path]
) -> dict[str, int]:
    """Delete the rows of everyone who was erased from ``staged.*``; how many a table lost, now or as a part before."""
    if erased.key is None:
        return {}
    define_pseudonym(con, erased.key)
    define_person(con, {"person_ids": (), "tombstones": erased.marks, **dict.fromkeys(LEADS, ())})
    for table in staged:
        _note_ids(con, table)
    _note_ids_in_lines(con)
    names = [table.name for table in staged]
    _follow_aliases(con, names)
    _note_leads(con, staged)
    for table in staged:
        _forget_mentions(con, table)
    lost = Counter({table.name: _drop(con, table) + _in_lines(con, table) for table in staged})
    con.execute(f"DELETE FROM refused.lines WHERE {condition([RAW_TEXT])}")
    for part in parts:
        lost[part.parent.name] += erased_from_part(con, part)
    return lost


def clean_parts(con: duckdb.DuckDBPyConnection, home: Path, parts: Iterable[Path]) -> None:
    """After :func:`drop_erased`: take the same people out of staged parts, for good.

    The row that links an id to them is removed too, so the id is remembered first.
    """
    ids = [str(row[0]) for row in con.execute("SELECT DISTINCT id FROM person_ids").fetchall()]
    if not ids:
        return
    follow(home, ids)
    for path in parts:
        PersonRows(con).clean_part(path)


def _note_ids(con: duckdb.DuckDBPyConnection, table: Staged) -> None:
    """Ids of the table that have a tombstone; of rows without an id, the ``source_*`` columns."""
    if "customer_id" not in table.spec.column_names:
        return
    rows = f'staged."{table.name}"'
    ids = [f"SELECT {name} AS id FROM {rows}" for name in HIDDEN if name in _columns(table)]
    for name in table.source_columns:
        quoted_name = f'"{name}"'
        ids.append(f"SELECT {trimmed(quoted_name)} FROM {rows} WHERE customer_id IS NULL")
    con.execute(
        f"""INSERT INTO person_ids SELECT id FROM (SELECT DISTINCT id FROM ({" UNION ALL ".join(ids)}))
            WHERE id IS NOT NULL AND {tombstone_sql("id", table.hidden)} IN (FROM tombstones)"""
    )


def _note_ids_in_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Ids with a tombstone among the values of lines that are no rows."""
    con.execute(
        rf"""INSERT INTO person_ids SELECT id FROM (
                SELECT DISTINCT {trimmed("value")} AS id FROM (
                    SELECT unnest(regexp_split_to_array(raw_text, '[,;|"\t\r\n]')) AS value FROM refused.lines))
            WHERE id IS NOT NULL AND {tombstone_sql("id", hidden=False)} IN (FROM tombstones)"""
    )


def _in_lines(con: duckdb.DuckDBPyConnection, table: Staged) -> int:
    return one_number(con, f"SELECT count(*) FROM {lines_of(table)} AND {condition([RAW_TEXT])}")


def _follow_aliases(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """From customer to alias only: an alias that was handed on must not take its new owner along."""
    if "identities" not in tables:
        return
    before = -1
    while (known := one_number(con, "SELECT count(DISTINCT id) FROM person_ids")) > before:
        before = known
        con.execute(
            """INSERT INTO person_ids SELECT alias_id FROM staged.identities
               WHERE customer_id IN (FROM person_ids) AND alias_id NOT IN (FROM person_ids)"""
        )


def _note_leads(con: duckdb.DuckDBPyConnection, staged: Sequence[Staged]) -> None:
    """Orders, visits and decisions whose every customer was erased."""
    columns = {table.name: _columns(table) for table in staged}
    for known, (table, column) in LEADS.items():
        if column in columns.get(table, ()):
            con.execute(
                f"""INSERT INTO {known} SELECT {column} FROM staged."{table}"
                    WHERE {column} IS NOT NULL AND customer_id IS NOT NULL
                    GROUP BY {column} HAVING bool_and(customer_id IN (FROM person_ids))"""
            )


def _columns(table: Staged) -> list[str]:
    return [column.name for column in table.columns]


def _forget_mentions(con: duckdb.DuckDBPyConnection, table: Staged) -> None:
    """Take the name of an erased customer out of rows about others."""
    columns = [str(row[0]) for row in con.execute(f'DESCRIBE staged."{table.name}"').fetchall()]
    named = mentioned(columns)
    if named is None or not one_number(con, f'SELECT count(*) FROM staged."{table.name}" WHERE {named}'):
        return
    make_table(con, table.name)
    emptied = ", ".join(f'"{name}" = {value}' for name, value in without_mention(columns).items())
    con.execute(f'UPDATE staged."{table.name}" SET {emptied} WHERE {named}')


def _drop(con: duckdb.DuckDBPyConnection, table: Staged) -> int:
    columns = [*_columns(table), *table.source_columns]
    theirs = condition(columns) if "customer_id" in columns else None
    if theirs is None or not one_number(con, f'SELECT count(*) FROM staged."{table.name}" WHERE {theirs}'):
        return 0
    make_table(con, table.name)
    return int(con.execute(f'DELETE FROM staged."{table.name}" WHERE {theirs}').fetchall()[0][0])
