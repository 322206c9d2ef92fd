"""Which rows of a table are a person's: by the columns that name people, or by an order or a visit only they made.

Rows of somebody else may name the person too (who recommended the shop to them): these stay, without that name.

The SQL looks into tables of the connection, each with one column: ``person_ids``, ``person_orders``,
``person_sessions`` and ``person_decisions``.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from features.tables import CUSTOMER_IDS, MENTIONS, SOMEBODY
from pipelines.privacy.erased import Person
from pipelines.sources.casting import trimmed
from pipelines.sql import connect, one_number, parquet, quoted

IDS = CUSTOMER_IDS
RETURNED = "returned_"
SOURCE = "source_"
# Text of a raw file that could not be read as a row: whoever occurs in it as a word is in it.
RAW_TEXT = "raw_text"
# A line that lost its customer is still theirs if its order, visit or decision is.
LEADS = {
    "order_id": "person_orders",
    "original_order_id": "person_orders",
    "session_id": "person_sessions",
    "decision_id": "person_decisions",
}
FINGERPRINT = "fingerprint"
ERASED = "erased"


def condition(columns: Collection[str]) -> str | None:
    """SQL condition for the person's rows, never null; None if no column names people.

    ``returned_*`` are columns as a SELECT returned them, ``source_*`` those a source returns beside, and ``raw_text``
    is what stands in a raw file.
    """
    tests = [
        f"{_text(name)} IN (FROM person_ids)"
        for name in columns
        if name.removeprefix(RETURNED) in IDS or name.startswith(SOURCE)
    ]
    tests += [
        f"({_text(prefix + 'customer_id')} IS NULL AND {_text(prefix + name)} IN (FROM {known}))"
        for prefix in ("", RETURNED)
        for name, known in LEADS.items()
        if {prefix + "customer_id", prefix + name} <= set(columns)
    ]
    if RAW_TEXT in columns:
        word = r"'(^|[^\w-])' || regexp_escape(id) || '($|[^\w-])'"
        tests.append(f"EXISTS (FROM person_ids WHERE regexp_matches({RAW_TEXT}, {word}))")
    return f"coalesce({' OR '.join(tests)}, false)" if tests else None


def mentioned(columns: Collection[str]) -> str | None:
    """SQL condition for rows that name the person beside whoever they are about; None if no column does."""
    tests = [f"{_text(name)} IN (FROM person_ids)" for name in _mentions(columns)]
    return f"coalesce({' OR '.join(tests)}, false)" if tests else None


def without_mention(columns: Collection[str]) -> dict[str, str]:
    """SQL of what a row that names the person has instead, by column: nobody's name, and a fingerprint of the rest."""
    names = _mentions(columns)
    left = ["NULL" if name in names else f'"{name}"' for name in sorted(columns) if name.startswith((RETURNED, SOURCE))]
    fingerprint = {FINGERPRINT: f"hash({', '.join(left)})"} if FINGERPRINT in columns else {}
    return {name: quoted(SOMEBODY) if name in MENTIONS else "NULL" for name in names} | fingerprint


def _mentions(columns: Collection[str]) -> list[str]:
    return [name for name in columns if name.removeprefix(RETURNED) in MENTIONS]


def define_person(con: duckdb.DuckDBPyConnection, ids: Mapping[str, Collection[str]]) -> None:
    """Make the tables that :func:`condition` looks into; ``ids`` maps each to its values."""
    for table, values in ids.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest(CAST(? AS VARCHAR[])) AS id", [sorted(values)]
        )


@dataclass(frozen=True)
class PersonRows:
    """Looks for one person's rows in Parquet files."""

    con: duckdb.DuckDBPyConnection

    def count(self, path: Path) -> int:
        """How many rows are theirs."""
        return one_number(self.con, f"SELECT count(*) FROM {self._theirs(path)}")

    def count_mentions(self, path: Path) -> int:
        """How many rows of others name them."""
        named = mentioned(columns_of(self.con, path))
        return one_number(self.con, f"SELECT count(*) FROM {self._theirs(path, 'NOT')} AND {named}") if named else 0

    def counts_by(self, path: Path, column: str) -> dict[str, int]:
        """How many of their rows have each value of ``column``."""
        found = self.con.execute(f'SELECT "{column}", count(*) FROM {self._theirs(path)} GROUP BY ALL').fetchall()
        return {str(value): int(n) for value, n in found}

    def theirs(self, path: Path) -> list[dict[str, Any]]:
        """Their rows in the order of the file, a dict each."""
        cursor = self.con.execute(f"SELECT * FROM {self._theirs(path)}")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def copy_others(self, path: Path, target: Path, options: str = "") -> None:
        """Write all other rows, in their order and without a mention of them, to ``target``; who may read it stays."""
        columns = columns_of(self.con, path)
        named = mentioned(columns)
        # As text: rejects have what the SELECT returned, which may be a number.
        kept = {name: f'CAST("{name}" AS VARCHAR)' if name in MENTIONS else f'"{name}"' for name in columns}
        emptied = [
            f'CASE WHEN {named} THEN {v} ELSE {kept[n]} END AS "{n}"' for n, v in without_mention(columns).items()
        ]
        replaced = f" REPLACE ({', '.join(emptied)})" if named else ""
        self.con.execute(
            f"""COPY (SELECT *{replaced} FROM {self._theirs(path, "NOT")}) TO {quoted(str(target))}
                (FORMAT parquet, COMPRESSION zstd{options})"""
        )
        shutil.copymode(path, target)

    def clean_part(self, path: Path) -> None:
        """Take them out of a staged part, in place, and count their rows in it; its name stays that of the raw file."""
        theirs = self.count(path)
        if theirs or self.count_mentions(path):
            draft = path.with_name(f".draft-{path.name}")
            erased_n = theirs + erased_from_part(self.con, path)
            self.copy_others(path, draft, f", KV_METADATA {{{ERASED}: '{erased_n}'}}")
            draft.replace(path)

    def _theirs(self, path: Path, negated: str = "") -> str:
        return f"{parquet(path)} WHERE {negated} ({condition(columns_of(self.con, path)) or 'false'})"


@contextmanager
def rows_of(person: Person) -> Iterator[PersonRows]:
    """A reader that knows the person."""
    with connect() as con:
        known = {"person_ids": person.ids, "person_orders": person.orders, "person_sessions": person.sessions}
        define_person(con, {**known, "person_decisions": person.decisions})
        yield PersonRows(con)


def erased_from_part(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """How many rows of erased people a staged part had: as many are counted as if it were staged anew."""
    query = f"SELECT decode(value) FROM parquet_kv_metadata({quoted(str(path))}) WHERE decode(key) = '{ERASED}'"
    found = con.execute(query).fetchall()
    return int(found[0][0]) if found else 0


def columns_of(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Column names of a Parquet file."""
    return [str(row[0]) for row in con.execute(f"DESCRIBE SELECT * FROM {parquet(path)}").fetchall()]


def _text(column: str) -> str:
    return trimmed(f'"{column}"')
