"""Previews: what a source's files and SELECTs give, and what ingest would complain about; nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from features.errors import CoterieError
from pipelines.scratch import create_schemas, passing_folder
from pipelines.sources.read import found_by_duckdb, open_raw, raw_columns, raw_files, stored_tables
from pipelines.sources.sandbox import confine
from pipelines.sources.source import Source
from pipelines.sources.stage import Staged, describe, stage_whole
from pipelines.sources.text.reader import TextReader
from pipelines.sql import as_texts, connect, identifier, quoted

ROWS = 10_000
"""Rows of a SELECT that are looked at."""
SHOWN = 3
"""Rows that are shown."""
UNREADABLE = "unreadable_"

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class FilesPreview:
    """The files of one alias, their columns with SQL types and first rows; ``error``: why they cannot be read.

    ``refused`` counts the lines of text files that are no rows, by reason; ``guessed`` are the encodings of files that
    nobody declared, by file.
    """

    alias: str
    files: tuple[str, ...] = ()
    columns: Mapping[str, str] | None = None
    first: Sequence[Row] = ()
    error: str = ""
    refused: Mapping[str, int] = field(default_factory=dict)
    guessed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TablePreview:
    """What one SELECT returns: ``rows`` looked at, how many would be rejected why, and the first that would not.

    ``examples``: by reason, a value that cannot be read. ``empty``: columns that it returns without a value.
    ``span``: times of the first and last row, if it has any. ``error``: the sentence with which ingest would refuse it.
    """

    table: str
    rows: int = 0
    rejects: Mapping[str, int] | None = None
    columns: tuple[str, ...] = ()
    first: Sequence[Row] = ()
    empty: tuple[str, ...] = ()
    span: tuple[datetime, datetime] | None = None
    examples: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def kept(self) -> int:
        """How many of ``rows`` would be stored."""
        return self.rows - sum((self.rejects or {}).values())

    @property
    def loses_most(self) -> bool:
        """Whether more of its rows would be rejected than stored: rather a wrong SELECT than wrong rows."""
        return self.kept * 2 < self.rows


@contextmanager
def opened(source: Source, raw: Path | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[FilesPreview]]]:
    """A database with the views of all aliases that can be read, and a preview of each alias; it reads nothing else."""
    with passing_folder() as copies, connect(timezone=source.config.timezone) as con:
        create_schemas(con)
        paths: list[Path] = []
        parts = [(alias, _with_one(source, alias)) for alias in source.config.files]
        found = [_files(con, part, alias, raw, copies, paths) for alias, part in parts]
        found += _tables_of_database(con, source, raw, copies)
        confine(con, paths, [copies])
        yield con, found


def _with_one(source: Source, alias: str) -> Source:
    """The source with one alias alone, so that the others' files cannot hide what is wrong with its own."""
    optional = {name: columns for name, columns in source.config.optional_files.items() if name == alias}
    alone = {"files": {alias: source.config.files[alias]}, "optional_files": optional, "database": None}
    return source.model_copy(update={"config": source.config.model_copy(update=alone)})


def _tables_of_database(
    con: duckdb.DuckDBPyConnection, source: Source, raw: Path | None, copies: Path
) -> list[FilesPreview]:
    """A preview of each table of the source's database that a SELECT reads."""
    try:
        tables = stored_tables(source, raw or source.raw)
        stored_alone = source.config.model_copy(update={"files": {}, "optional_files": {}})
        open_raw(con, source.model_copy(update={"config": stored_alone}), tables, copies)
        return [_preview(con, table.alias, (table.name,)) for table in tables]
    except CoterieError as error:
        return [FilesPreview("database", error=str(error))]


def _files(
    con: duckdb.DuckDBPyConnection, source: Source, alias: str, raw: Path | None, copies: Path, paths: list[Path]
) -> FilesPreview:
    """A preview of one alias; where its files are is added to ``paths``."""
    names: tuple[str, ...] = ()
    try:
        files = raw_files(source, raw)
        names = tuple(file.name for file in files)
        paths += [file.path for file in files]
        reader = open_raw(con, source, files, copies).get(alias)
        return replace(
            _preview(con, alias, names), guessed=dict(reader.guessed()) if isinstance(reader, TextReader) else {}
        )
    except CoterieError as error:
        return FilesPreview(alias, names, error=str(error))


def _preview(con: duckdb.DuckDBPyConnection, alias: str, names: tuple[str, ...]) -> FilesPreview:
    try:
        columns = raw_columns(con, alias)
        first = con.execute(f"SELECT {as_texts(columns)} FROM raw.{identifier(alias)} LIMIT {SHOWN}").fetchall()
        lines = "SELECT reason, count(*) FROM refused.lines WHERE alias = ? GROUP BY reason ORDER BY reason"
        refused = {str(reason): int(n) for reason, n in con.execute(lines, [alias]).fetchall()}
        return FilesPreview(alias, names, columns, first, refused=refused)
    except duckdb.Error as error:
        return FilesPreview(alias, names, error=found_by_duckdb(error))


def preview(con: duckdb.DuckDBPyConnection, source: Source, table: str, present: datetime) -> TablePreview:
    """Run ``<table>.sql`` and look at its first rows as ingest would; the future begins at ``present`` (UTC)."""
    try:
        staged = describe(con, source, table)
        looked_at = replace(staged, query=f"SELECT * FROM (\n{staged.query}\n) LIMIT {ROWS}")
        stage_whole(con, source, looked_at, present)
        return _looked(con, looked_at)
    except CoterieError as error:
        return TablePreview(table, error=str(error))


def _looked(con: duckdb.DuckDBPyConnection, staged: Staged) -> TablePreview:
    rows, names = f'staged."{staged.name}"', tuple(column.name for column in staged.given)
    reasons = con.execute(
        f"SELECT reason, count(*) FROM {rows} GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    kept = f"{rows} WHERE reason IS NULL"
    filled = con.execute(f"SELECT {', '.join(f'count({identifier(name)})' for name in names)} FROM {kept}").fetchall()[
        0
    ]
    return TablePreview(
        table=staged.name,
        rows=sum(n for _, n in reasons),
        rejects={reason: n for reason, n in reasons if reason is not None},
        columns=names,
        first=con.execute(f"SELECT {as_texts(names)} FROM {kept} LIMIT {SHOWN}").fetchall(),
        empty=tuple(name for name, n in zip(names, filled, strict=True) if n == 0),
        span=_span(con, staged, kept),
        examples=_examples(con, staged, [reason for reason, _ in reasons if reason]),
    )


def _examples(con: duckdb.DuckDBPyConnection, staged: Staged, reasons: Sequence[str]) -> dict[str, str]:
    """For each reason that a column cannot be read, the least of its texts; no personal value."""
    unreadable = [
        reason
        for reason in reasons
        if reason.startswith(UNREADABLE) and not staged.spec.is_personal(reason.removeprefix(UNREADABLE))
    ]
    asked = {
        reason: f"SELECT min(CAST({identifier('returned_' + reason.removeprefix(UNREADABLE))} AS VARCHAR)) "
        f'FROM staged."{staged.name}" WHERE reason = {quoted(reason)}'
        for reason in unreadable
    }
    return {reason: str(con.execute(query).fetchall()[0][0]) for reason, query in asked.items()}


def _span(con: duckdb.DuckDBPyConnection, staged: Staged, kept: str) -> tuple[datetime, datetime] | None:
    if staged.spec.time is None:
        return None
    first, last = con.execute(
        f"SELECT min({identifier(staged.spec.time)}), max({identifier(staged.spec.time)}) FROM {kept}"
    ).fetchall()[0]
    return None if first is None else (first, last)
