"""Raw files of a source as DuckDB views, all of an alias or one at a time, and their hashes."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NoReturn

import duckdb

from features.errors import BadTable, NotFound
from pipelines.sources.databases import OpenDatabase, TableReader, open_database
from pipelines.sources.excel import ENDINGS as EXCEL_ENDINGS
from pipelines.sources.excel import ExcelReader, excel_reader
from pipelines.sources.identity import JsonReader, ParquetReader, json_reader, parquet_reader, types_of
from pipelines.sources.sandbox import look_through
from pipelines.sources.source import Source
from pipelines.sources.text.reader import ENDINGS, PACKED, TextReader, text_reader
from pipelines.sources.text.streams import check_packing
from pipelines.sql import connect, identifier

CSV_ENDINGS = (*ENDINGS, *PACKED)
WILDCARDS = frozenset("*?[")
JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
LINES = "alias VARCHAR, raw_file VARCHAR, raw_line BIGINT, reason VARCHAR, raw_text VARCHAR"
"""Columns of ``refused.lines``: text of the files of an alias that is no row, and where it begins."""
SHOWN = 3
# Where a message of DuckDB quotes the value that it is about, which may be personal.
QUOTED_VALUE = re.compile(r"""\b(string|value|format:|Input:) ("[^\n]*"|'[^\n]*'|[^\s"']+)(?=[\s,]|$)""")


@dataclass(frozen=True)
class RawFile:
    """One raw file: the alias it is read under, its path, and its path below the raw folder (always with ``/``).

    ``full_export``: its pattern names one file, which the shop overwrites with all there is; a pattern with wildcards
    names deliveries, each of which adds to those before. A ``table`` of a ``database`` is a full export.
    """

    alias: str
    path: Path
    name: str
    full_export: bool = False
    database: OpenDatabase | None = None
    table: str = ""

    def content(self) -> str:
        """64 hex digits that change with the content: the SHA-256 of a file's bytes."""
        return file_hash(self.path) if self.database is None else self.database.content(self.table)


Reader = TextReader | JsonReader | ParquetReader | ExcelReader | TableReader
"""How the files of an alias are read: ``over(paths)`` is SQL over some of them; ``repr`` has all that decides it."""


def raw_files(source: Source, raw: Path | None = None) -> list[RawFile]:
    """Every raw file the source reads, by alias and name; ``raw`` replaces the folder ``source.toml`` names.

    ``raw`` may be a single file if the source reads a single alias. An alias in ``optional_files`` may have none.

    Raises:
        NotFound: the folder, or the files of an alias, are not there.
    """
    folder = source.raw if raw is None else raw
    if folder.is_file() and len(source.config.files) == 1:
        return [RawFile(next(iter(source.config.files)), folder, folder.name, full_export=True)]
    stored = stored_tables(source, folder)
    if not source.config.files:
        return stored
    if not folder.is_dir():
        raise NotFound(f"source {source.name}: no raw folder {folder}: give its place with --raw")
    return stored + [
        file
        for alias, patterns in sorted(source.config.files.items())
        for file in _with_content(
            _matches(source, alias, (patterns,) if isinstance(patterns, str) else patterns, folder)
        )
    ]


def _with_content(files: list[RawFile]) -> list[RawFile]:
    """The files of an alias without those of 0 bytes, unless they are all there is: a day may have no rows."""
    return [file for file in files if file.path.stat().st_size] or files


def _matches(source: Source, alias: str, patterns: tuple[str, ...], folder: Path) -> list[RawFile]:
    for pattern in patterns:
        found = sorted(path for path in folder.glob(pattern) if path.is_file() and not _is_leftover(path, pattern))
        if found:
            one = not WILDCARDS & set(pattern)
            return [RawFile(alias, path, path.relative_to(folder).as_posix(), one) for path in found]
    if alias in source.config.optional_files:
        return []
    needed = " or ".join(patterns)
    raise NotFound(f"source {source.name}: found no {needed} in {folder}: put it there, or name its folder with --raw")


def _is_leftover(path: Path, pattern: str) -> bool:
    """Hidden files (macOS writes ``._x`` beside ``x``) and locks of open documents (``~$x``), unless asked for."""
    return path.name.startswith((".", "~$")) and not PurePath(pattern).name.startswith((".", "~$"))


def stored_tables(source: Source, folder: Path) -> list[RawFile]:
    """The tables of the source's database that its SELECTs read."""
    if source.config.database is None:
        return []
    database = open_database(source.config.database.url, folder)
    there = database.tables()
    renamed = source.config.database.tables
    absent = [table for table in renamed.values() if table not in there]
    if absent:
        raise BadTable(f"source {source.name}: the database has no table {absent[0]}: it has {', '.join(there)}")
    tables = {table: table for table in there if "." not in table} | dict(renamed)
    known = [*source.config.files, *tables]
    with connect() as con:
        read = {
            alias
            for name, sql in source.sql.items()
            for alias in look_through(con, f"{name}.sql of {source.name}", sql, known).aliases
        }
    path = database.file or Path("postgresql")
    return [
        RawFile(
            alias, path, path.name if database.file else f"postgresql/{tables[alias]}", True, database, tables[alias]
        )
        for alias in sorted(read - set(source.config.files))
    ]


def file_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_raw(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    files: Sequence[RawFile],
    folder: Path,
) -> dict[str, Reader]:
    """Make one view for each alias in the schema ``raw``; how the files of each are read.

    An alias without files is an empty view of the columns that ``optional_files`` declares.

    Every column of a text file is text. Text that is no row goes to ``refused.lines``; copies of files that have some,
    and of what DuckDB does not read (workbooks, tables of databases), are written into ``folder`` and must stay there.
    Files without a row are read: whether a table may be empty, cleaning decides.

    Raises:
        BadTable: a file is empty, unreadable, or of a kind that cannot be read.
    """
    con.execute(f"CREATE TABLE IF NOT EXISTS refused.lines ({LINES})")
    readers: dict[str, Reader] = _copied_tables(files, folder)
    for alias in dict.fromkeys(file.alias for file in files):
        mine = [file for file in files if file.alias == alias]
        paths = [file.path for file in mine]
        reader = readers[alias] = readers.get(alias) or _reader_of(con, source, alias, mine, folder)
        view = f"raw.{identifier(alias)}"
        try:
            con.execute(f"CREATE VIEW {view} AS {_completed(con, source, alias, reader.over(paths))}")
            con.execute(f"SELECT count(*) FROM (FROM {view} LIMIT 1)")
        except duckdb.Error as error:
            _refuse_unreadable(con, source, reader, paths, error)
    for alias in absent(source, files):
        con.execute(
            f"CREATE VIEW raw.{identifier(alias)} AS SELECT {_nothing(source.config.optional_files[alias])} WHERE false"
        )
    return readers


def absent(source: Source, files: Sequence[RawFile]) -> list[str]:
    """The aliases in ``optional_files`` that have no file."""
    there = {file.alias for file in files}
    return [alias for alias in source.config.optional_files if alias not in there]


def _completed(con: duckdb.DuckDBPyConnection, source: Source, alias: str, rows: str) -> str:
    """A SELECT of the rows with the columns that the files may lack."""
    optional = source.config.optional_columns.get(alias, ())
    there = {name.lower() for name in types_of(con, rows)} if optional else set()
    lacked = [name for name in optional if name.lower() not in there]
    return f"SELECT *{''.join(f', {_nothing([name])}' for name in lacked)} FROM {rows}"


def _nothing(columns: Sequence[str]) -> str:
    """SQL of empty text columns."""
    return ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in columns)


def _copied_tables(files: Sequence[RawFile], folder: Path) -> dict[str, Reader]:
    tables = {file.alias: file.table for file in files if file.database is not None}
    for database in {file.database for file in files if file.database is not None}:
        database.copy(tables, folder)
    return {alias: TableReader(table, folder / f"{alias}.parquet") for alias, table in tables.items()}


def _reader_of(
    con: duckdb.DuckDBPyConnection, source: Source, alias: str, files: Sequence[RawFile], folder: Path
) -> Reader:
    paths, named = [file.path for file in files], [(file.path, file.name) for file in files]
    ending = _ending(paths)
    if ending == "csv":
        return text_reader(con, alias, named, source.config.csv, folder)
    if ending == "excel":
        return excel_reader(paths, alias, source.config.sheets.get(alias), folder)
    try:
        return json_reader(con, alias, named, folder) if ending == "json" else parquet_reader(con, paths)
    except duckdb.Error as error:
        _refuse_damaged(source, paths, error)


def is_csv(patterns: str | Sequence[str]) -> bool:
    """Whether an alias with these patterns reads text files."""
    every = [patterns] if isinstance(patterns, str) else patterns
    return any(not pattern.lower().endswith((".parquet", *JSON_ENDINGS, *EXCEL_ENDINGS)) for pattern in every)


def _refuse_unreadable(
    con: duckdb.DuckDBPyConnection, source: Source, reader: Reader, paths: Sequence[Path], error: duckdb.Error
) -> NoReturn:
    """Name the file that DuckDB cannot read; if it can read each of them alone, they do not fit together."""
    for path in paths:
        try:
            con.execute(f"SELECT count(*) FROM (FROM {reader.over([path])} LIMIT 1)")
        except duckdb.Error as alone:
            _refuse_damaged(source, [path], alone)
    raise BadTable(
        f"source {source.name}: cannot read {names_of(paths)} together ({found_by_duckdb(error)}): export them alike"
    ) from None


def _refuse_damaged(source: Source, paths: Sequence[Path], error: duckdb.Error) -> NoReturn:
    """Say why DuckDB cannot read one of these files; first of all, whether that is how it is packed."""
    for path in paths:
        check_packing(path)
    raise BadTable(
        f"source {source.name}: cannot read {names_of(paths)} ({found_by_duckdb(error)}): copy or export it again"
    ) from None


def names_of(paths: Sequence[Path]) -> str:
    """The first file names, and how many more there are."""
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(path.name for path in paths[:SHOWN]) + more


def raw_columns(con: duckdb.DuckDBPyConnection, alias: str) -> dict[str, str]:
    """Names and types of the columns that the files of ``alias`` have together."""
    return types_of(con, f"raw.{identifier(alias)}")


def open_one(
    con: duckdb.DuckDBPyConnection, file: RawFile, reader: Reader, columns: Mapping[str, str], where: str = "true"
) -> None:
    """Make the view of ``file``'s alias in the schema ``one_file``, over this file alone, or its rows ``where``.

    It has the columns of all files of the alias together: what this file lacks is null.
    """
    rows = reader.over([file.path])
    there = {name.lower() for name in types_of(con, rows)}
    listed = ", ".join(
        f"CAST({identifier(name) if name.lower() in there else 'NULL'} AS {type_}) AS {identifier(name)}"
        for name, type_ in columns.items()
    )
    view = f"SELECT {listed} FROM {rows}"
    con.execute(f'CREATE OR REPLACE VIEW one_file."{file.alias}" AS {view} WHERE {where}')


def _ending(paths: Sequence[Path]) -> str:
    kinds: Mapping[str, tuple[str, ...]] = {
        "parquet": (".parquet",), "csv": CSV_ENDINGS, "json": JSON_ENDINGS, "excel": EXCEL_ENDINGS,
    }  # fmt: skip
    for path in paths:
        if path.stat().st_size == 0:
            raise BadTable(f"{path.name} is empty (0 bytes): export it again")
    for kind, endings in kinds.items():
        if all(path.name.lower().endswith(endings) for path in paths):
            return kind
    known = ", ".join(ending for endings in kinds.values() for ending in endings)
    raise BadTable(f"cannot tell how to read {names_of(paths)}: all files of an alias need one ending of {known}")


def found_by_duckdb(error: duckdb.Error) -> str:
    """What DuckDB found, in one line: without its settings, the query, and lines or values, which may be personal."""
    message = str(error).strip().split("\n\n")[0]
    lines = QUOTED_VALUE.sub(r"\1 …", message).splitlines()
    if "…" in lines[0]:  # what follows shows the value again
        return lines[0]
    return " ".join(line.strip() for line in lines[:4] if not line.startswith(("Original Line", "LINE ", "  ")))
