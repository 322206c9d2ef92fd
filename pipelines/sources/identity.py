"""Values keep their identity: the types in which the JSON and Parquet files of one alias are read together.

A JSON file has no column types, so each scalar in it arrives as its text, as in CSV; objects and arrays keep their
shape. A Parquet column keeps its type if all files agree. Where they differ, each file is cast before the union, to a
type that contains every value of it exactly; if there is none, to text. In text a whole number has no decimal point,
whatever its type: 12, 12.0 in a column with gaps, and "12" are one id.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadTable
from pipelines.sources.json_lines import copy_good_lines
from pipelines.sql import identifier, quoted

RENAMED = re.compile(r"_\d+$")
EXACT_DIGITS = 15
EXACT_WHOLE = 2**53
"""A double contains every decimal of that many digits, and every whole number up to that one."""
WHOLE = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
})  # fmt: skip
FLOATING = frozenset({"FLOAT", "DOUBLE"})
# Strings stay strings here, so looking for dates in them would be wasted: no string has this format.
NO_DATES = "dateformat = 'no date', timestampformat = 'no time'"
LOCAL_TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})


@dataclass(frozen=True)
class JsonReader:
    """Reads JSON files with the columns they have together (name: type).

    ``decimals`` are columns of numbers, some with a fraction; in ``mixed`` ones such numbers stand beside other values.
    Of a file with bad lines its copy is read, which has the good ones.
    """

    columns: tuple[tuple[str, str], ...]
    decimals: tuple[str, ...]
    mixed: tuple[str, ...]
    copies: Mapping[Path, Path] = field(repr=False)

    def over(self, paths: Sequence[Path]) -> str:
        """SQL that reads these files; what a file lacks is null."""
        read = ", ".join(f"{quoted(name)}: {quoted(self._read_as(name, type_))}" for name, type_ in self.columns)
        found = {name: _decimal_text(name) for name in self.decimals} | {name: _json_text(name) for name in self.mixed}
        texts = ", ".join(f"{text} AS {identifier(name)}" for name, text in found.items())
        good = [self.copies.get(path, path) for path in paths]
        rows = f"read_json([{_listed(good)}], columns = {{{read}}})"
        return f"(SELECT * {f'REPLACE ({texts})' if texts else ''} FROM {rows})"

    def _read_as(self, name: str, type_: str) -> str:
        return "JSON" if name in self.mixed else type_


@dataclass(frozen=True)
class ParquetReader:
    """Reads Parquet files with the columns they have together (name: type); ``types`` are those of each file."""

    columns: tuple[tuple[str, str], ...]
    types: Mapping[Path, Mapping[str, str]] = field(repr=False)

    def over(self, paths: Sequence[Path]) -> str:
        """SQL that reads these files, cast to the common types; what a file lacks is null."""
        alike: dict[str, list[Path]] = {}
        for path in paths:
            alike.setdefault(repr(self.types[path]), []).append(path)
        read = (f"SELECT {self._cast(same[0])} FROM read_parquet([{_listed(same)}])" for same in alike.values())
        return f"({' UNION ALL BY NAME '.join(read)})"

    def _cast(self, path: Path) -> str:
        there = {name.lower(): type_ for name, type_ in self.types[path].items()}
        return ", ".join(
            f"{_read_as(identifier(name), there.get(name.lower()), type_)} AS {identifier(name)}"
            for name, type_ in self.columns
        )


def json_reader(
    con: duckdb.DuckDBPyConnection, alias: str, files: Sequence[tuple[Path, str]], folder: Path
) -> JsonReader:
    """How JSON files, each with the name by which people know it, are read.

    Every line is looked at, because a key or another kind of value may come late. Copies go into ``folder``.
    """
    copies: dict[Path, Path] = {}
    types = _types_in(con, [path for path, _ in files])
    if types is None:
        for number, (path, name) in enumerate(files):
            if _types_in(con, [path]) is None:
                copies[path] = folder / alias / f"{number}.jsonl"
                copy_good_lines(con, alias, path, name, copies[path])
        types = _types_found(con, [copies.get(path, path) for path, _ in files])
    _refuse_keys_alike(con, [copies.get(path, path) for path, _ in files], list(types))
    decimals, mixed = (tuple(n for n, type_ in types.items() if str(type_) == kind) for kind in ("DOUBLE", "JSON"))
    return JsonReader(tuple((name, _with_texts(type_)) for name, type_ in types.items()), decimals, mixed, copies)


def _types_in(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, Any] | None:
    """What DuckDB finds; None if a line is no JSON, or no object, for which it finds the one column ``json``."""
    try:
        types = _types_found(con, paths)
    except duckdb.InvalidInputException:
        return None
    return types if list(types) != ["json"] else None


def _types_found(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, Any]:
    found = con.sql(f"FROM read_json([{_listed(paths)}], union_by_name = true, sample_size = -1, {NO_DATES})")
    return dict(zip(found.columns, found.types, strict=True))


def parquet_reader(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> ParquetReader:
    """How Parquet files are read; looks at their types, and at values only where whole numbers meet decimals."""
    types = {path: types_of(con, f"read_parquet([{_listed([path])}])") for path in paths}
    spelt: dict[str, str] = {}
    by_column: dict[str, dict[str, list[Path]]] = {}
    for path, columns in types.items():
        for name, type_ in columns.items():
            first = spelt.setdefault(name.lower(), name)
            by_column.setdefault(first, {}).setdefault(type_, []).append(path)
    return ParquetReader(tuple((name, _common_type(con, name, by_type)) for name, by_type in by_column.items()), types)


def types_of(con: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Names and types of the columns of a table, view or table function."""
    return {name: type_ for name, type_, *_ in con.execute(f"DESCRIBE FROM {rows}").fetchall()}


def text_of(value: str, type_: str) -> str:
    """SQL of a value's text: a whole number has no decimal point, and NaN, which is a gap, is null."""
    text = f"CAST({value} AS VARCHAR)"
    if type_ == "BLOB":  # text that its writer did not mark as such
        return f"coalesce(TRY(decode({value})), {text})"
    if type_ not in FLOATING and not type_.startswith("DECIMAL("):
        return text
    whole = f"{value} = trunc({value}) AND abs({value}) < 9e18"
    gap = f"WHEN isnan({value}) THEN NULL " if type_ in FLOATING else ""
    return f"CASE {gap}WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE {text} END"


def _refuse_keys_alike(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], columns: Sequence[str]) -> None:
    """SQL takes ``id`` and ``ID`` for one column; DuckDB then names the second ``ID_1``, and finds no values for it."""
    lower = {name.lower() for name in columns}
    renamed = [name for name in columns if RENAMED.sub("", name.lower()) in lower - {name.lower()}]
    if not renamed:
        return
    keys = f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects([{_listed(paths)}])"
    there = {str(key) for (key,) in con.execute(keys).fetchall()}
    for name in renamed:
        alike = sorted(key for key in there if key.lower() == RENAMED.sub("", name.lower()))
        if name not in there and len(alike) > 1:
            raise BadTable(f"{paths[0].name}: the keys {' and '.join(alike)} are one column in SQL: write them alike")


def _read_as(value: str, from_type: str | None, to_type: str) -> str:
    """SQL of a value as another type, without a change of what it says; None: there is no such column."""
    if from_type is None:
        return f"CAST(NULL AS {to_type})"
    if from_type == to_type:
        return value
    if to_type == "VARCHAR":
        return text_of(value, from_type)
    if from_type == "FLOAT":  # 19.99 is stored as the nearest single, which as a double is 19.989999771118164
        return f"CAST(CAST({value} AS VARCHAR) AS {to_type})"
    return f"CAST({value} AS {to_type})"


def _with_texts(type_: Any) -> str:
    """The SQL type with every scalar in it as text."""
    if type_.id == "struct":
        return f"STRUCT({', '.join(f'{identifier(name)} {_with_texts(child)}' for name, child in type_.children)})"
    if type_.id == "list":
        return f"{_with_texts(type_.children[0][1])}[]"
    if type_.id == "map":
        return f"MAP({_with_texts(type_.children[0][1])}, {_with_texts(type_.children[1][1])})"
    return "VARCHAR"


def _decimal_text(name: str) -> str:
    """SQL of the text of a column of JSON numbers: the same as of :func:`_json_text`, at half the price."""
    value = identifier(name)
    # DuckDB writes 1e+16 in place of 10000000000000000.0.
    exponent = f"regexp_replace(CAST(to_json(CAST({value} AS DOUBLE)) AS VARCHAR), '\\.0$', '')"
    return f"""CASE WHEN {value}[-2:] = '.0' THEN {value}[:-3] WHEN {value} = 'NaN' THEN NULL
        WHEN contains({value}, 'e') THEN {exponent} ELSE {value} END"""


def _json_text(name: str) -> str:
    """SQL of a column of JSON values as text: strings without their quotes, 12.0 as 12, and NaN, a gap, as null."""
    value = identifier(name)
    text = f"{value} ->> '$'"
    number = f"nullif(regexp_replace({text}, '\\.0$', ''), 'NaN')"
    return f"CASE WHEN json_type({value}) = 'DOUBLE' THEN {number} ELSE {text} END"


def _common_type(con: duckdb.DuckDBPyConnection, name: str, by_type: Mapping[str, Sequence[Path]]) -> str:
    """The type that contains the values of every file exactly; ``by_type``: the files in which it has each type."""
    types = set(by_type)
    if "BLOB" in types:
        return "VARCHAR"
    if len(types) == 1 and "FLOAT" not in types:
        return types.pop()
    if any(type_.endswith(("]", ")")) and not type_.startswith("DECIMAL(") for type_ in types):  # arrays and structs
        every = [path for paths in by_type.values() for path in paths]
        return types_of(con, f"read_parquet([{_listed(every)}], union_by_name = true)")[name]
    if types <= WHOLE:
        return "BIGINT" if not types & {"UBIGINT", "HUGEINT", "UHUGEINT"} else "HUGEINT"
    if types <= LOCAL_TIMES:
        return "TIMESTAMP"
    if all(_is_exact(con, name, type_, paths) for type_, paths in by_type.items()):
        return "DOUBLE"
    return "VARCHAR"


def _is_exact(con: duckdb.DuckDBPyConnection, name: str, type_: str, paths: Sequence[Path]) -> bool:
    """Whether a double contains every value of the column in these files."""
    if type_.startswith("DECIMAL("):
        return int(type_.removeprefix("DECIMAL(").split(",")[0]) <= EXACT_DIGITS
    if type_ not in WHOLE:
        return type_ in FLOATING
    largest = f"SELECT max(abs(CAST({identifier(name)} AS HUGEINT))) FROM read_parquet([{_listed(paths)}])"
    return int(con.execute(largest).fetchall()[0][0] or 0) <= EXACT_WHOLE


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(quoted(str(path)) for path in paths)
