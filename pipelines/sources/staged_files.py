"""Staged files: a table staged one raw file at a time and stored as Parquet, so that an ingest reads new files only.

``staging/<table>/<hash>.parquet`` is named by a hash of all that decides it: the file's content, the SELECT, the
columns all files have together, the settings that matter, the versions of code and libraries. It is a cache: it may be
deleted at any time. Only a SELECT that reads one alias row by row can be staged by file
(:mod:`pipelines.sources.row_by_row`).
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadArtifact, BadTable
from features.sentiment import METHOD
from pipelines.sources.identity import types_of
from pipelines.sources.read import RawFile, Reader, found_by_duckdb, open_one, raw_columns
from pipelines.sources.row_by_row import alias_read_row_by_row
from pipelines.sources.source import Source
from pipelines.sources.stage import NEVER_LATE, Staged, select_into_file, settle
from pipelines.sources.unreadable import cure_of_file
from pipelines.sql import listed, parquet, quoted

# Raise it when code changes what is staged for the same input.
FORMAT = 2
SETTINGS: dict[str, Any] = {
    "timezone": True, "time_formats": True, "times": True, "zero_price": True, "not_products": True,
    "csv": {"decimal", "thousands"},
}  # fmt: skip
"""What of source.toml decides how a row is staged; how a file is read is in its reader."""
# Types that come back from Parquet as they went; a table that returns another is staged as a whole.
PARQUET_TYPES = frozenset({
    "VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "FLOAT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
})  # fmt: skip

# So many rows do not all lack the same value by chance.
ROWS_MIN = 10


@dataclass(frozen=True)
class Rows:
    """Some rows of a raw file: the SQL condition that they meet, and a name for what they are."""

    condition: str
    name: str


@dataclass(frozen=True)
class Delivery:
    """A raw file, the SHA-256 of its bytes, and when it was first seen; None if its rows cannot be late.

    ``rows``: those of its rows that were seen then, if others were seen at other times.
    """

    file: RawFile
    sha256: str
    delivered_at: datetime | None
    rows: Rows | None = None


@dataclass
class StagedFiles:
    """The staged files of one ingest: from the ``cache`` if they are there, else made in ``fresh``.

    ``key_id`` names the key of the pseudonyms in them; None if they contain the ids themselves.
    """

    cache: Path
    fresh: Path
    key_id: str | None
    used: set[str] = field(default_factory=set)

    def find(self, table: str, name: str) -> Path | None:
        """The file ``table/name`` if the cache has it; it is marked as used."""
        self.used.add(f"{table}/{name}")
        cached = self.cache / table / name
        return cached if cached.is_file() else None

    def paths(self) -> list[Path]:
        """Where the files that were used are."""
        return [self.fresh / used if (self.fresh / used).is_file() else self.cache / used for used in sorted(self.used)]

    def update_cache(self) -> None:
        """Make the cache contain the files that were used and no others."""
        for used in sorted(self.used):
            if not (self.cache / used).is_file():
                _move_in(self.fresh / used, self.cache / used)
        for path in sorted(self.cache.glob("*/*")):
            if path.relative_to(self.cache).as_posix() not in self.used:
                path.unlink()
        for folder in sorted(self.cache.glob("*")):
            if not any(folder.iterdir()):
                folder.rmdir()


def _move_in(fresh: Path, cached: Path) -> None:
    """Copy to the cache's own disk under another name first: a file that has its name is complete."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    draft = cached.with_name(f".{cached.name}-{os.getpid()}")
    with fresh.open("rb") as source, draft.open("wb") as target:
        shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())
    shutil.copymode(fresh, draft)
    draft.replace(cached)


def alias_by_file(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged) -> str | None:
    """The alias whose files the table can be staged from one by one; None if it must be staged as a whole."""
    if any(type_ not in PARQUET_TYPES and not _is_decimal(type_) for type_ in staged.returned.values()):
        return None
    return alias_read_row_by_row(con, staged.query, source.config.files)


def _is_decimal(type_: str) -> bool:
    return type_.startswith("DECIMAL(") and type_.endswith(")")


def stage_by_file(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    staged: Staged,
    deliveries: Sequence[Delivery],
    reader: Reader,
    files: StagedFiles,
    present: datetime,
) -> None:
    """Make ``staged.<table>`` of the staged files of one alias; ``reader`` reads the raw ones that are not there.

    Raises:
        BadTable: the SQL fails on a file, or a column cannot be read at all.
        BadArtifact: a file in the cache cannot be read.
    """
    columns = raw_columns(con, deliveries[0].file.alias)
    paths = []
    for delivery in deliveries:
        name = f"{_hash(source, staged, delivery, columns, reader, files.key_id)}.parquet"
        path = files.find(staged.name, name)
        if path is None:
            path = files.fresh / staged.name / name
            _write_file(con, source, staged, delivery, reader, columns, path)
        paths.append(str(path))
    try:
        settle(con, source, staged, _together(con, source, staged.name, paths, deliveries), present)
    except duckdb.Error as error:
        raise BadArtifact(
            f"the staging cache of {staged.name} cannot be read ({found_by_duckdb(error)}): delete the folder "
            "`staging` in the workspace and run `coterie ingest` again, it is made anew"
        ) from None


def _together(
    con: duckdb.DuckDBPyConnection, source: Source, table: str, paths: Sequence[str], deliveries: Sequence[Delivery]
) -> str:
    """The rows of all files; two raw files of equal content share a staged one, whose rows then come twice."""
    if all(delivery.delivered_at is None for delivery in deliveries) and not source.config.counts_lines(table):
        return f"SELECT *, {NEVER_LATE} FROM read_parquet([{_listed(sorted(paths))}])"
    con.execute(
        f'CREATE TABLE main."delivered_{table}" (filename VARCHAR, delivered_at TIMESTAMP, delivered_in VARCHAR)'
    )
    dated = [(path, each.delivered_at, each.file.name) for path, each in zip(paths, deliveries, strict=True)]
    con.executemany(f'INSERT INTO main."delivered_{table}" VALUES (?, ?, ?)', dated)
    rows = f"""SELECT * EXCLUDE (filename) FROM read_parquet([{_listed(sorted(set(paths)))}], filename = true)
        JOIN main."delivered_{table}" USING (filename)"""
    version = source.config.corrections.get(table)
    if version and any(delivery.rows for delivery in deliveries):
        return _whole_versions(rows, version)
    return rows


def _whole_versions(rows: str, columns: Sequence[str]) -> str:
    """``rows``, where a version of which any row is new in its file is new as a whole."""
    key = listed(columns)
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    newest = f"max(delivered_at) OVER (PARTITION BY delivered_in, {key})"
    return f"SELECT * REPLACE (CASE WHEN {known} THEN {newest} ELSE delivered_at END AS delivered_at) FROM ({rows})"


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(quoted(path) for path in paths)


def _write_file(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    staged: Staged,
    delivery: Delivery,
    reader: Reader,
    columns: Mapping[str, str],
    path: Path,
) -> None:
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    open_one(con, delivery.file, reader, columns, delivery.rows.condition if delivery.rows else "true")
    select_into_file(con, source, staged, "one_file", path)
    if staged.spec.vault:
        path.chmod(0o600)
    reason = _reason_of_all(con, path)
    if reason is not None:
        lacks = lacking(staged.query, types_of(con, reader.over([delivery.file.path])), columns)
        _refuse_useless(staged, delivery.file, *reason, lacks, cure_of_file(con, staged.spec, staged.given, path))


def lacking(query: str, of_file: Iterable[str], columns: Iterable[str]) -> list[str]:
    """Those of ``columns``, which the files of an alias have together, that the query reads and this file has not."""
    there = {name.lower() for name in of_file}
    words = {word.lower() for word in re.findall(r"\w+", query)}
    return [
        name for name in columns if name.lower() not in there and words.issuperset(re.findall(r"\w+", name.lower()))
    ]


def _reason_of_all(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[int, str] | None:
    """How many rows a staged file has, and the reason about a column for which all are rejected; None without one."""
    rows, reason, reasons_n = con.execute(
        f"SELECT count(*), min(reason), count(DISTINCT coalesce(reason, '')) FROM {parquet(path)}"
    ).fetchall()[0]
    return (rows, reason) if reasons_n == 1 and str(reason).startswith(("missing_", "unreadable_")) else None


def _refuse_useless(staged: Staged, file: RawFile, rows: int, reason: str, lacks: Sequence[str], cure: str) -> None:
    """Refuse a file whose every row is rejected for the same column: it is written in another way than the others.

    Few rows may all lack a value; not so if the file has no such column.

    Raises:
        BadTable: names the file and the column.
    """
    if rows < ROWS_MIN and not lacks:
        return
    found = f"all {rows} of its rows are rejected ({reason})"
    if lacks:
        raise BadTable(
            f"{file.name} has no column {' or '.join(lacks)}, which {staged.name}.sql reads and other files have; "
            f"{found}: export it with the same columns, or read both spellings in {staged.name}.sql"
        )
    if cure:
        raise BadTable(f"{file.name}: {found}, {cure}")
    raise BadTable(f"{file.name}: {found}: correct the file, or {staged.name}.sql if this is how it is written now")


def _hash(
    source: Source,
    staged: Staged,
    delivery: Delivery,
    columns: Mapping[str, str],
    reader: Reader,
    key_id: str | None,
) -> str:
    """64 hex digits of a hash over everything that decides a staged file."""
    config = source.config
    decides = {
        "format": [FORMAT, duckdb.__version__, METHOD if staged.name == "feedback" else None],
        # The same rows of a file that has grown meanwhile are the same part.
        "file": [delivery.file.alias, delivery.rows.name if delivery.rows else delivery.sha256],
        "columns": list(columns.items()),
        "reader": repr(reader),
        "query": staged.query,
        "settings": config.model_dump(mode="json", include=SETTINGS),
        "key": key_id,
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
