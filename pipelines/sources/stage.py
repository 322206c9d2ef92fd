"""Staging: what a source's SELECT returned beside the same values as canonical types, and why a row must go.

A staged table ``staged.<table>`` has, for every row that the SELECT returned,

- ``returned_<column>``: the value as returned (only for columns the SELECT has), and its ``source_*`` columns;
- ``<column>``: the value as the canonical type; null where absent or unreadable;
- ``not_product`` (orders, products): the product id is one the source calls no product;
- ``fingerprint``: a hash of everything returned; equal rows have equal ones;
- ``reason``: why the row is rejected; null if it is not. The first reason in :mod:`pipelines.sources` order;
- ``delivered_at``: when it was first seen, if that was later than the source's first ingest; else null;
- ``delivered_in``: the name of its file, where that matters; else empty.

``known_at`` is what the SELECT gave, else ``delivered_at`` for a row that came late. With pseudonyms the ids of
customers are hidden here already, and ``source_*`` columns, which may contain them, are left out.

``staged.<table>`` is a view over what was written once: the staged files, or a table for a SELECT that reads all files
together. :func:`make_table` makes a table of it where rows must be changed.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import DOUBLE, VARCHAR

from features.columns import Column, TableSpec
from features.errors import BadTable
from features.sentiment import sentiment
from features.tables import CUSTOMER_IDS, MENTIONS, TABLES
from features.windows import MICROSECONDS_A_DAY
from pipelines.sources.casting import Casting, casting, needs_text, trimmed, typed
from pipelines.sources.given_columns import SOURCE_PREFIX, canonical_name, check_columns
from pipelines.sources.identity import text_of
from pipelines.sources.messages import misfit
from pipelines.sources.read import found_by_duckdb, is_csv
from pipelines.sources.reasons import not_product, reason_at, reasons
from pipelines.sources.sandbox import Query, look_through
from pipelines.sources.source import Source, SourceConfig
from pipelines.sources.times import counted_columns
from pipelines.sources.unreadable import refuse_unreadable
from pipelines.sql import identifier, quoted, search_path

# What pseudonyms hide.
HIDDEN = (*CUSTOMER_IDS, *MENTIONS)
NEVER_LATE = "CAST(NULL AS TIMESTAMP) AS delivered_at, '' AS delivered_in"
_TAIL = re.compile(r";\s*(--[^\n]*\s*)*$")


@dataclass(frozen=True)
class Staged:
    """A staged table: its contract, the canonical columns it will have, and what the SELECT returned (name: type).

    ``hidden``: ids of customers are pseudonyms. ``how``: how its values are read. ``aliases``: what
    the SELECT reads.
    """

    spec: TableSpec
    columns: tuple[Column, ...]
    returned: dict[str, str]
    query: str
    hidden: bool = False
    how: Casting = field(default_factory=Casting)
    aliases: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Name of the canonical table."""
        return self.spec.name

    @property
    def given(self) -> tuple[Column, ...]:
        """Canonical columns the SELECT returned, in contract order."""
        return tuple(column for column in self.columns if column.name in self.returned)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The SELECT's ``source_*`` columns, unless ids are hidden: they may contain them."""
        return () if self.hidden else _source_columns(self.returned)

    @property
    def identity(self) -> str:
        """SQL list of everything that identifies a row: rows equal in it and in ``fingerprint`` are duplicates."""
        names = [f"returned_{column.name}" for column in self.given] + list(self.source_columns)
        return ", ".join(f'"{name}"' for name in names)


def _source_columns(returned: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for name in returned if name.startswith(SOURCE_PREFIX))


def stage(con: duckdb.DuckDBPyConnection, source: Source, table: str, present: datetime) -> Staged:
    """Run ``<table>.sql`` once over all files and make ``staged.<table>``; nothing in it counts as late.

    Raises:
        BadTable: the SQL fails, its columns are not the table's, or a column cannot be read at all.
    """
    staged = describe(con, source, table)
    stage_whole(con, source, staged, present)
    return staged


def stage_whole(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, present: datetime) -> None:
    """Run a described SELECT once over all files and make ``staged.<table>``."""
    whole = f"whole_{staged.name}"
    select_into_table(con, source, staged, "raw", whole)
    settle(con, source, staged, f'SELECT *, {NEVER_LATE} FROM main."{whole}"', present)


def describe(con: duckdb.DuckDBPyConnection, source: Source, table: str, hidden: bool = False) -> Staged:
    """What ``<table>.sql`` returns over the files there are, without running it.

    Raises:
        BadTable: it is no SELECT, does not fit the files, or its columns are not the table's.
    """
    text = _single_select(con, source, table)
    query = look_through(con, f"{table}.sql of {source.name}", text, _aliases(con))
    try:
        with search_path(con, "raw"):
            return _described(con, source, table, text, query, hidden)
    except duckdb.Error as error:
        raise _misfit(con, source, table, error) from None


def select_into_table(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, schema: str, into: str) -> None:
    """Run the SELECT over the views of ``schema`` into the table ``into``: all but what the present decides."""
    _run(con, source, staged, schema, f'CREATE TABLE main."{into}" AS {_staging_query(staged, source.config)}')
    if staged.name == "feedback":
        _score_sentiment(con, into)


def select_into_file(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, schema: str, path: Path) -> None:
    """Run the SELECT over the views of ``schema`` into a Parquet file: all but what the present decides."""
    to_file = f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    if staged.name != "feedback":
        _run(con, source, staged, schema, f"COPY ({_staging_query(staged, source.config)}) {to_file}")
        return
    # Sentiment is filled in afterwards, which a file does not allow.
    select_into_table(con, source, staged, schema, "scored")
    con.execute(f"COPY main.scored {to_file}")
    con.execute("DROP TABLE main.scored")


def _run(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, schema: str, statement: str) -> None:
    try:
        with search_path(con, schema):
            con.execute(statement)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise _misfit(con, source, staged.name, error) from None


def settle(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged, rows: str, present: datetime) -> None:
    """Make ``staged.<table>`` of ``rows``: those at or after ``present`` are in the future, late ones are dated.

    Raises:
        BadTable: a column cannot be read at all.
    """
    decided = [f"{reason_at(staged.spec, source.config, present)} AS reason"]
    if "known_at" in staged.spec.column_names:
        decided.append(f"{_known_at(staged.spec, source.config)} AS known_at")
    con.execute(f'CREATE VIEW staged."{staged.name}" AS SELECT * REPLACE ({", ".join(decided)}) FROM ({rows})')
    refuse_unreadable(con, source.name, staged.spec, staged.given)


def make_table(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make a table of the view ``staged.<table>``, so that its rows can be changed."""
    views = "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'staged' AND view_name = ?"
    if con.execute(views, [table]).fetchall()[0][0] == 0:
        return
    con.execute(f'CREATE TABLE staged."{table}_rows" AS FROM staged."{table}"')
    con.execute(f'DROP VIEW staged."{table}"')
    con.execute(f'ALTER TABLE staged."{table}_rows" RENAME TO "{table}"')


def _known_at(spec: TableSpec, config: SourceConfig) -> str:
    """A row about something long past could first be read when its file, a later one, came."""
    # A profile or a link does not say when it came true: it is known from its file on.
    microseconds = round(config.late_after_days * MICROSECONDS_A_DAY)
    late = f'"{spec.time}" < delivered_at - to_microseconds({microseconds})' if spec.time else "true"
    return f"coalesce(known_at, CASE WHEN {late} THEN delivered_at END)"


def _score_sentiment(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Fill ``sentiment`` from the text where the source gave none; each distinct text is scored once."""
    con.create_function("sentiment", sentiment, [VARCHAR], DOUBLE, null_handling=FunctionNullHandling.SPECIAL)
    try:
        con.execute(
            f"""UPDATE main."{table}" AS rows SET sentiment = scored.sentiment FROM (
                SELECT text, sentiment(text) AS sentiment FROM (
                    SELECT DISTINCT text FROM main."{table}" WHERE text IS NOT NULL AND reason IS NULL)) AS scored
            WHERE rows.text = scored.text AND rows.sentiment IS NULL AND rows.reason IS NULL"""
        )
    finally:
        con.remove_function("sentiment")


def _misfit(con: duckdb.DuckDBPyConnection, source: Source, table: str, error: duckdb.Error) -> BadTable:
    found = misfit(con, error, source.sql[table], source.config.files) or found_by_duckdb(error)
    return BadTable(f"{table}.sql of {source.name} does not fit the raw files: {found}")


def _single_select(con: duckdb.DuckDBPyConnection, source: Source, table: str) -> str:
    try:
        statements = con.extract_statements(source.sql[table])
    except duckdb.Error as error:
        found = misfit(con, error, source.sql[table], source.config.files) or found_by_duckdb(error)
        raise BadTable(f"{table}.sql of {source.name} is not valid SQL: {found}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise BadTable(
            f"{table}.sql of {source.name} must be one SELECT, found {kinds}: write one, without further statements"
        )
    return _TAIL.sub("", str(statements[0].query).strip())


def _described(
    con: duckdb.DuckDBPyConnection, source: Source, table: str, text: str, query: Query, hidden: bool
) -> Staged:
    spec = TABLES[table]
    names_and_types = [
        (canonical_name(spec, name), type_) for name, type_, *_ in con.execute(f"DESCRIBE {text}").fetchall()
    ]
    names = [name for name, _ in names_and_types]
    check_columns(spec, f"{table}.sql of {source.name}", names)
    extra = tuple(Column(name, "str", True, "") for name in names if spec.is_extra(name))
    from_csv = any(is_csv(source.config.files.get(alias, ())) for alias in query.aliases)
    how = casting(source.config, spec, counted_columns(query.tree), from_csv)
    return Staged(spec, spec.written(names) + extra, dict(names_and_types), text, hidden, how, query.aliases)


def _aliases(con: duckdb.DuckDBPyConnection) -> list[str]:
    listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'"
    return [str(alias) for (alias,) in con.execute(listed).fetchall()]


def _staging_query(staged: Staged, config: SourceConfig) -> str:
    sources = [f'"{name}"' for name in _source_columns(staged.returned)]
    identity = [f'"returned_{column.name}"' for column in staged.given] + sources
    returned = [
        f'{_arriving(column, staged.returned[column.name])} AS "returned_{column.name}"' for column in staged.given
    ] + sources
    texts = {
        f'"text_{column.name}"': trimmed(f'"returned_{column.name}"')
        for column in staged.given
        if needs_text(column, staged.returned[column.name])
    }
    values = [
        f'{typed(column, staged.returned.get(column.name), staged.how)} AS "{column.name}"' for column in staged.columns
    ]
    flags = [f"{not_product(config)} AS not_product"] if staged.name in {"orders", "products"} else []
    why = reasons(staged.spec, staged.columns, staged.returned, config)
    cases = " ".join(f"WHEN {condition} THEN {quoted(reason)}" for reason, condition in why)
    reason = f"CASE {cases} END AS reason"
    return f"""
        WITH selected AS ({staged.query}
        ), returned AS (SELECT {", ".join(returned)} FROM selected
        ), texts AS (SELECT {", ".join(["*", *(f"{text} AS {name}" for name, text in texts.items())])} FROM returned
        ), typed AS (SELECT {", ".join(["*", *values])} FROM texts
        ), flagged AS (SELECT {", ".join(["*", *flags])} FROM typed
        ), judged AS (SELECT {f"* EXCLUDE ({', '.join(texts)})" if texts else "*"},
            hash({", ".join(identity)}) AS fingerprint, {reason} FROM flagged)
        {_last_select(staged, sources)}"""


def _last_select(staged: Staged, sources: list[str]) -> str:
    if staged.spec.vault:
        return _sealing_query(staged)
    return _hiding_query(staged, sources) if staged.hidden else "SELECT * FROM judged"


def _sealing_query(staged: Staged) -> str:
    """A refused row of a vault keeps its customer's id and its reason: nobody could find the rest to erase it."""
    kept = {"customer_id", "returned_customer_id"}
    values = [column.name for column in staged.columns] + [f"returned_{column.name}" for column in staged.given]
    emptied = [name for name in (*values, *staged.source_columns) if name not in kept]
    replaced = [f'CASE WHEN reason IS NULL THEN "{name}" END AS "{name}"' for name in emptied]
    # A hash of what was there would let addresses be tried out.
    replaced.append("CASE WHEN reason IS NULL THEN fingerprint ELSE hash(uuid()) END AS fingerprint")
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM judged"


def _arriving(column: Column, returned_type: str) -> str:
    """The value as returned; a number where the contract wants text (an id) as the text of that number."""
    value = identifier(column.name)
    return text_of(value, returned_type) if column.type == "str" else value


def _hiding_query(staged: Staged, sources: list[str]) -> str:
    """Ids as pseudonyms. What was returned is hidden untrimmed, so that stray spaces can still be counted."""
    ids = [name for name in HIDDEN if name in staged.returned]
    replaced = [f'pseudonym("{name}") AS "{name}"' for name in ids]
    replaced += [f'pseudonym(CAST("returned_{name}" AS VARCHAR)) AS "returned_{name}"' for name in ids]
    # A plain hash of the whole row would let ids be tried out.
    replaced.append("hash(pseudonym(CAST(fingerprint AS VARCHAR))) AS fingerprint")
    without = f" EXCLUDE ({', '.join(sources)})" if sources else ""
    return f"SELECT *{without} REPLACE ({', '.join(replaced)}) FROM judged"
