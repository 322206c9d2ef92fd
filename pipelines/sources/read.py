"""Raw files of a source as DuckDB views, all of an alias or one at a time, and their hashes."""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import BadTable, NotFound
from pipelines.sources.source import CsvOptions, Source
from pipelines.sql import identifier, quoted

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".txt")
DELIMITERS = (",", ";", "\t", "|")
WILDCARDS = frozenset("*?[")
JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz")


@dataclass(frozen=True)
class RawFile:
    """One raw file: the alias it is read under, its path, and its path below the raw folder (always with ``/``).

    ``full_export``: its pattern names one file, which the shop overwrites with all there is; a pattern with wildcards
    names deliveries, each of which adds to those before.
    """

    alias: str
    path: Path
    name: str
    full_export: bool = False


@dataclass(frozen=True)
class Reader:
    """How the files of an alias are read: a table function of DuckDB and its options."""

    function: str
    options: str

    def over(self, paths: Sequence[Path]) -> str:
        """SQL that reads these files."""
        listed = ", ".join(quoted(str(path)) for path in paths)
        return f"{self.function}([{listed}], {self.options})"


def raw_files(source: Source, raw: Path | None = None) -> list[RawFile]:
    """Every raw file the source reads, by alias and name; ``raw`` replaces the folder ``source.toml`` names.

    ``raw`` may be a single file if the source reads a single alias.

    Raises:
        NotFound: the folder, or the files of an alias, are not there.
    """
    folder = source.raw if raw is None else raw
    if folder.is_file() and len(source.config.files) == 1:
        return [RawFile(next(iter(source.config.files)), folder, folder.name, full_export=True)]
    if not folder.is_dir():
        raise NotFound(f"source {source.name}: no raw folder {folder}: give its place with --raw")
    return [
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
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if found:
            one = not WILDCARDS & set(pattern)
            return [RawFile(alias, path, path.relative_to(folder).as_posix(), one) for path in found]
    needed = " or ".join(patterns)
    raise NotFound(f"source {source.name}: found no {needed} in {folder}: put it there, or name its folder with --raw")


def file_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_raw(con: duckdb.DuckDBPyConnection, source: Source, files: Sequence[RawFile]) -> dict[str, Reader]:
    """Make one view for each alias in the schema ``raw``, and return how its files are read.

    Every column of a CSV file is text. Files without a row are read: whether a table may be empty, cleaning decides.

    Raises:
        BadTable: a file is empty, unreadable, or of a kind that cannot be read.
    """
    readers = {}
    for alias in source.config.files:
        paths = [file.path for file in files if file.alias == alias]
        readers[alias] = reader_of(paths, source.config.csv)
        try:
            con.execute(f"CREATE VIEW raw.{alias} AS SELECT * FROM {readers[alias].over(paths)}")
            con.execute(f"SELECT count(*) FROM (FROM raw.{alias} LIMIT 1)")
        except duckdb.Error as error:
            names = ", ".join(path.name for path in paths)
            raise BadTable(f"source {source.name}: cannot read {names}: {found_by_duckdb(error)}") from None
    return readers


def reader_of(paths: Sequence[Path], csv: CsvOptions) -> Reader:
    """How the files of an alias are read; the delimiter is that of the first one.

    Raises:
        BadTable: a file is empty, or of a kind that cannot be read.
    """
    ending = _ending(paths)
    if ending == "csv":
        return Reader("read_csv", _options(csv, paths[0]))
    return Reader(f"read_{ending}", "union_by_name = true")


def raw_columns(con: duckdb.DuckDBPyConnection, alias: str) -> dict[str, str]:
    """Names and types of the columns that the files of ``alias`` have together."""
    return {name: type_ for name, type_, *_ in con.execute(f'DESCRIBE raw."{alias}"').fetchall()}


def open_one(
    con: duckdb.DuckDBPyConnection, file: RawFile, reader: Reader, columns: Mapping[str, str], where: str = "true"
) -> None:
    """Make the view of ``file``'s alias in the schema ``one_file``, over this file alone, or its rows ``where``.

    It has the columns of all files of the alias together: what this file lacks is null.
    """
    if reader.function == "read_json":
        # Read as what the files are together: text that looks like a time here may be plain text elsewhere.
        struct = ", ".join(f"{quoted(name)}: {quoted(type_)}" for name, type_ in columns.items())
        view = f"SELECT * FROM {Reader(reader.function, f'columns = {{{struct}}}').over([file.path])}"
    else:
        over = reader.over([file.path])
        there = {name.lower() for name, *_ in con.execute(f"DESCRIBE FROM {over}").fetchall()}
        listed = [
            f"CAST({identifier(name) if name.lower() in there else 'NULL'} AS {type_}) AS {identifier(name)}"
            for name, type_ in columns.items()
        ]
        view = f"SELECT {', '.join(listed)} FROM {over}"
    con.execute(f'CREATE OR REPLACE VIEW one_file."{file.alias}" AS {view} WHERE {where}')


def _ending(paths: Sequence[Path]) -> str:
    kinds: Mapping[str, tuple[str, ...]] = {"parquet": (".parquet",), "csv": CSV_ENDINGS, "json": JSON_ENDINGS}
    for path in paths:
        if path.stat().st_size == 0:
            raise BadTable(f"{path.name} is empty (0 bytes): export it again")
    for kind, endings in kinds.items():
        if all(path.name.lower().endswith(endings) for path in paths):
            return kind
    names = ", ".join(path.name for path in paths)
    known = ", ".join(ending for endings in kinds.values() for ending in endings)
    raise BadTable(f"cannot tell how to read {names}: all files of an alias need one ending of {known}")


def _options(csv: CsvOptions, first: Path) -> str:
    """Options of read_csv; nothing is left to sniffing, which drops columns to make sense of one broken line."""
    options = {
        "all_varchar": "true",
        "header": "true",
        "union_by_name": "true",
        "delim": quoted(csv.delimiter or _delimiter(first)),
        "quote": quoted('"'),
        "escape": quoted('"'),
        # A line too short is padded and then rejected for what it lacks; DuckDB can only do so line after line.
        "null_padding": "true",
        "parallel": "false",
    }
    if csv.encoding is not None:
        options["encoding"] = quoted(csv.encoding)
    return ", ".join(f"{key} = {value}" for key, value in options.items())


def _delimiter(path: Path) -> str:
    """The delimiter that occurs most often in the header line."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        header = file.readline()
    return max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))


def found_by_duckdb(error: duckdb.Error) -> str:
    """What DuckDB found, in one line: without the query, the raw line (it may be about a person) and its settings."""
    lines = str(error).strip().split("\n\n")[0].splitlines()
    found = " ".join(line.strip() for line in lines[:4] if not line.startswith(("Original Line", "LINE ", "  ")))
    return f"{found} Set [csv] encoding in source.toml." if "not utf-8" in found else found
