"""Looking at a folder of raw files: which belong together, which columns they have, and what stands in them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb

from features.errors import CoterieError, NotFound
from pipelines.guesses.content import Content, content_of
from pipelines.guesses.words import words_of
from pipelines.sources.excel import ENDINGS as EXCEL_ENDINGS
from pipelines.sources.excel import filled_sheets
from pipelines.sources.read import found_by_duckdb, open_raw, raw_files
from pipelines.sources.source import Source, SourceConfig
from pipelines.sql import connect, identifier

SAMPLE_ROWS = 2000
NESTED = ("STRUCT", "MAP", "UNION", "JSON")
_DATED = re.compile(r"\d{4,}|\d+[-_]\d+")


@dataclass(frozen=True)
class RawColumn:
    """A column of raw files, its SQL type, and what its values look like.

    ``path`` leads into the objects of a JSON file: the column ``user``, in it ``id``; the name is then ``user.id``.
    """

    path: tuple[str, ...]
    type: str
    content: Content

    @property
    def name(self) -> str:
        """The name as a person reads it."""
        return ".".join(self.path)

    @property
    def sql(self) -> str:
        """The column as SQL reads it."""
        return ".".join(identifier(part) for part in self.path)


@dataclass(frozen=True)
class RawTable:
    """Raw files that are read together: their alias, the pattern that finds them below the folder, their columns.

    ``sheet``: which one, of workbooks that have several.
    """

    alias: str
    pattern: str
    names: tuple[str, ...]
    columns: tuple[RawColumn, ...]
    sheet: str = ""


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
            for sheet in _sheets(folder, group):
                alias = _alias(sheet or pattern, [table.alias for table in tables])
                tables.append(_read(con, folder, copies, alias, pattern, group, sheet))
        except CoterieError as error:
            unread[pattern] = str(error)
        except duckdb.Error as error:
            unread[pattern] = found_by_duckdb(error)
    return Seen(folder, tuple(tables), unread)


def _sheets(folder: Path, names: Sequence[str]) -> list[str]:
    """The sheets that all of the workbooks have, if that is more than one; else the only table, which has no name."""
    if not all(name.lower().endswith(EXCEL_ENDINGS) for name in names):
        return [""]
    sheets = [filled_sheets(folder / name) for name in names]
    shared = [sheet for sheet in sheets[0] if all(sheet in each for each in sheets)]
    return shared if len(shared) > 1 else [""]


def together(con: duckdb.DuckDBPyConnection, seen: Seen, copies: Path) -> Seen:
    """The same files, where those of equal columns are one table if a pattern finds them and no others."""
    alike: dict[tuple[str, ...], list[RawTable]] = {}
    for table in seen.tables:
        alike.setdefault(tuple(column.name.lower() for column in table.columns), []).append(table)
    tables: list[RawTable] = []
    for group in alike.values():
        names = sorted(name for table in group for name in table.names)
        pattern = _pattern_of(names)
        if len(group) == 1 or not group[0].columns or _found(seen.folder, pattern) != names:
            tables += group
        else:
            taken = [table.alias for table in seen.tables]
            tables.append(_read(con, seen.folder, copies, _alias(pattern, taken), pattern, names))
    return Seen(seen.folder, tuple(tables), seen.unread)


def _found(folder: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file())


def _pattern_of(names: Sequence[str]) -> str:
    """What all names begin and end with, and a wildcard between.

    >>> _pattern_of(["lyon/orders.csv", "lille/orders.csv"]), _pattern_of(["a.csv", "b.csv"])
    ('l*/orders.csv', '*.csv')
    """
    start = _shared_beginning(names)
    end = _shared_beginning([name[len(start) :][::-1] for name in names])[::-1]
    return f"{_literal(start)}*{_literal(end)}"


def _shared_beginning(names: Sequence[str]) -> str:
    letters = takewhile(lambda each: len(set(each)) == 1, zip(*names, strict=False))
    return "".join(each[0] for each in letters)


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
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    copies: Path,
    alias: str,
    pattern: str,
    names: Sequence[str],
    sheet: str = "",
) -> RawTable:
    sheets = {alias: sheet} if sheet else {}
    config = SourceConfig(name="guess", title="", files={alias: pattern}, sheets=sheets)
    source = Source(folder=folder, config=config, config_text="", sql={})
    open_raw(con, source, raw_files(source, folder), copies)
    found = con.sql(f"FROM raw.{identifier(alias)}")
    leaves = [leaf for name, type_ in zip(found.columns, found.types, strict=True) for leaf in _leaves((name,), type_)]
    if not leaves:  # a recipe may read what is nested
        return RawTable(alias, pattern, tuple(names), (), sheet)
    columns = [RawColumn(path, type_, content_of((), type_)) for path, type_ in leaves]
    texts = ", ".join(f"CAST({column.sql} AS VARCHAR)" for column in columns)
    rows = con.execute(f"SELECT {texts} FROM raw.{identifier(alias)} LIMIT {SAMPLE_ROWS}").fetchall()
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    looked_at = (
        replace(column, content=content_of(each, column.type)) for column, each in zip(columns, values, strict=True)
    )
    return RawTable(alias, pattern, tuple(names), tuple(looked_at), sheet)


def _leaves(path: tuple[str, ...], type_: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """The column, or the fields of its objects and of the objects in these; lists are left to whoever edits."""
    if type_.id == "struct":
        for name, child in type_.children:
            yield from _leaves((*path, name), child)
    elif not _is_nested(str(type_)):
        yield path, str(type_)


def _is_nested(type_: str) -> bool:
    return type_.startswith(NESTED) or type_.endswith("[]")
