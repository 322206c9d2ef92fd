"""Values keep their identity: the types in which the JSON and Parquet files of one alias are read together.

A JSON file has no column types, so each scalar in it arrives as its text, as in CSV; objects and arrays keep their
shape. A Parquet column keeps its type if all files agree. Where they differ, each file is cast before the union, to a
type that contains every value of it exactly; if there is none, to text. In text a whole number has no decimal point,
whatever its type: 12, 12.0 in a column with gaps, and "12" are one id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadTable
from pipelines.sources.json_lines import copy_good_lines
from pipelines.sources.json_shapes import shape_of
from pipelines.sql import identifier, quoted

MIXED = ("JSON", "NULL")
"""Types of a key whose values may be numbers with a fraction beside others."""
MAP_KEYS = 200
"""An object of more keys is not described by them: they are values themselves."""
EXACT_DIGITS = 15
EXACT_WHOLE = 2**53
"""A double contains every decimal of that many digits, and every whole number up to that one."""
WHOLE = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
})  # fmt: skip
FLOATING = frozenset({"FLOAT", "DOUBLE"})
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

    Copies go into ``folder``.
    """
    copies: dict[Path, Path] = {}
    shape = shape_of(con, [path for path, _ in files])
    if shape is None:
        for number, (path, name) in enumerate(files):
            if shape_of(con, [path]) is None:
                copies[path] = folder / alias / f"{number}.jsonl"
                copy_good_lines(con, alias, path, name, copies[path])
        shape = shape_of(con, [copies.get(path, path) for path, _ in files]) or {}
    _refuse_keys_alike(files[0][0], shape)
    decimals = tuple(name for name, part in shape.items() if part == "DOUBLE")
    mixed = tuple(name for name, part in shape.items() if part in MIXED)
    return JsonReader(tuple((name, _with_texts(part)) for name, part in shape.items()), decimals, mixed, copies)


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


def _refuse_keys_alike(path: Path, shape: Mapping[str, Any]) -> None:
    """SQL takes ``id`` and ``ID`` for one column."""
    for name in shape:
        alike = sorted(key for key in shape if key.lower() == name.lower())
        if len(alike) > 1:
            raise BadTable(f"{path.name}: the keys {' and '.join(alike)} are one column in SQL: write them alike")


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


def _with_texts(shape: Any) -> str:
    """The SQL type of values of that shape, with every scalar in it as text."""
    if isinstance(shape, list):
        return f"{_with_texts(shape[0])}[]"
    if not isinstance(shape, dict) or not shape:
        return "VARCHAR"
    if len(shape) > MAP_KEYS and not any(isinstance(part, dict | list) for part in shape.values()):
        return "MAP(VARCHAR, VARCHAR)"
    return f"STRUCT({', '.join(f'{identifier(name)} {_with_texts(part)}' for name, part in shape.items())})"


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
