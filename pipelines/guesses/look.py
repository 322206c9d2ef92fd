"""Looking at a folder of raw files: which belong together, which columns they have, and what stands in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from features.errors import CoterieError, NotFound
from pipelines.guesses.content import Content, content_of
from pipelines.guesses.words import words_of
from pipelines.sources.read import found_by_duckdb, open_raw, raw_columns, raw_files
from pipelines.sources.source import Source, SourceConfig
from pipelines.sql import as_texts, connect, identifier

SAMPLE_ROWS = 2000
NESTED = ("STRUCT", "MAP", "UNION", "JSON")
_DATED = re.compile(r"\d{4,}|\d+[-_]\d+")


@dataclass(frozen=True)
class RawColumn:
    """A column of raw files, its SQL type, and what its values look like."""

    name: str
    type: str
    content: Content


@dataclass(frozen=True)
class RawTable:
    """Raw files that are read together: their alias, the pattern that finds them below the folder, their columns."""

    alias: str
    pattern: str
    names: tuple[str, ...]
    columns: tuple[RawColumn, ...]


@dataclass(frozen=True)
class Seen:
    """What a folder contains: the tables that can be read, and why other files cannot (name: sentence)."""

    folder: Path
    tables: tuple[RawTable, ...]
    unread: dict[str, str]


def look(con: duckdb.DuckDBPyConnection, folder: Path, copies: Path) -> Seen:
    """Open every group of files that differ in digits only, and read a sample of each.

    What DuckDB cannot read as it is is copied into ``copies``, which must stay as long as the views are read.

    Raises:
        NotFound: there is no such folder, or no file in it.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}: give the folder of the raw files with --raw")
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        raise NotFound(f"{folder} has no files: give the folder of the raw files with --raw")
    tables: list[RawTable] = []
    unread: dict[str, str] = {}
    for pattern, group in _groups(names).items():
        try:
            alias = _alias(pattern, [table.alias for table in tables])
            tables.append(_read(con, folder, copies, alias, pattern, group))
        except CoterieError as error:
            unread[pattern] = str(error)
        except duckdb.Error as error:
            unread[pattern] = found_by_duckdb(error)
    return Seen(folder, tuple(tables), unread)


def _groups(names: Sequence[str]) -> dict[str, list[str]]:
    """Names by pattern: names that differ in digits only share one, and a dated name may be followed by others."""
    by_shape: dict[str, list[str]] = {}
    for name in names:
        by_shape.setdefault(_shape(name), []).append(name)
    found = {}
    for shape, group in by_shape.items():
        several = len(group) > 1 or _DATED.search(Path(group[0]).name.partition(".")[0])
        found[shape if several else _literal(group[0])] = group
    return found


def _shape(name: str) -> str:
    """The name with a wildcard for its digits, the ending left as it is.

    >>> _shape("2024/01/sales 3.csv.gz"), _shape("mp3_sales.csv")
    ('*/*/sales *.csv.gz', 'mp*_sales.csv')
    """
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.partition(".")
    wild = re.sub(r"\d+([-_. ]?\d+)*", "*", f"{_literal(folder)}{slash}{_literal(stem)}")
    return f"{wild}{dot}{ending}"


def _literal(name: str) -> str:
    """The name as a pattern that matches nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def _alias(pattern: str, taken: Sequence[str]) -> str:
    """A short SQL name for the files; the words of their names, without the ending."""
    stem = "_".join(word for word in words_of(Path(pattern).name.partition(".")[0]) if not word.isdigit())
    alias = stem if stem and not stem[0].isdigit() else f"file_{stem}".rstrip("_")
    alias = f"{alias}_raw" if alias in _keywords() else alias
    return alias if alias not in taken else f"{alias}_{sum(name.startswith(alias) for name in taken) + 1}"


@cache
def _keywords() -> frozenset[str]:
    """Words that cannot name a view without quotes."""
    with connect() as con:
        names = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        return frozenset(str(word) for (word,) in con.execute(names).fetchall())


def _read(
    con: duckdb.DuckDBPyConnection, folder: Path, copies: Path, alias: str, pattern: str, names: Sequence[str]
) -> RawTable:
    config = SourceConfig(name="guess", title="", files={alias: pattern})
    source = Source(folder=folder, config=config, config_text="", sql={})
    open_raw(con, source, raw_files(source, folder), copies)
    types = {name: type_ for name, type_ in raw_columns(con, alias).items() if not _is_nested(type_)}
    if not types:  # a recipe may read what is nested
        return RawTable(alias, pattern, tuple(names), ())
    query = f"SELECT {as_texts(types)} FROM raw.{identifier(alias)} LIMIT {SAMPLE_ROWS}"
    rows = con.execute(query).fetchall()
    values = zip(*rows, strict=True)
    columns = [
        RawColumn(name, types[name], content_of(each, types[name])) for name, each in zip(types, values, strict=True)
    ]
    return RawTable(alias, pattern, tuple(names), tuple(columns))


def _is_nested(type_: str) -> bool:
    return type_.startswith(NESTED) or type_.endswith("[]")
