"""The shape of JSON files: the keys of their objects, each with the type of its values.

A shape is a mapping of keys to shapes for objects, a list of one shape for arrays, or the name of a type; ``JSON`` are
values of several types, ``NULL`` is a key without a value. DuckDB's reader finds it fast, and a file at a time in
little memory, but calls a key without a value ``JSON`` too, and renames keys that differ in case alone. Files in which
that could matter are looked through again by the distinct structures of their objects, which takes three times as long.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb

from pipelines.sql import quoted

Shape = Any

RENAMED = re.compile(r"_\d+$")
NUMBERS = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE"})
# Strings stay strings, so looking for dates in them would be wasted: no string has this format.
OPTIONS = "sample_size = -1, map_inference_threshold = -1, dateformat = 'no date', timestampformat = 'no time'"


def shape_of(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, Shape] | None:
    """The shape of the objects in all files together; None if a line of one is no JSON or no object.

    Every line is looked at, because a key or another kind of value may come late.
    """
    found: dict[Path, dict[str, Shape]] = {}
    for path in paths:
        shape = _described(con, path)
        if shape is None:
            return None
        found[path] = shape
    for path in _unsure(found):
        found[path] = _exact(con, path)
    return reduce(merged, found.values())


def _described(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Shape] | None:
    """What DuckDB's reader finds in one file; it finds the one column ``json`` where a line is no object."""
    try:
        rows = con.sql(f"FROM read_json([{quoted(str(path))}], {OPTIONS})")
    except duckdb.InvalidInputException:
        return None
    found = {name: _shape(type_) for name, type_ in zip(rows.columns, rows.types, strict=True)}
    return found if list(found) != ["json"] else None


def _exact(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Shape]:
    """The shape by the structures of the objects of a file."""
    structures = f"SELECT DISTINCT json_structure(json) FROM read_json_objects([{quoted(str(path))}])"
    shape: dict[str, Shape] = reduce(merged, (json.loads(text) for (text,) in con.execute(structures).fetchall()))
    return shape


def _shape(type_: Any) -> Shape:
    """The shape of values of a DuckDB type."""
    if type_.id == "struct":
        return {name: _shape(child) for name, child in type_.children}
    if type_.id == "list":
        return [_shape(type_.children[0][1])]
    name = str(type_)
    return name if name in NUMBERS | {"BOOLEAN", "JSON"} else "VARCHAR"


def merged(one: Shape, other: Shape) -> Shape:
    """The shape of values of either shape.

    >>> merged({"id": "BIGINT", "tags": ["NULL"]}, {"id": "DOUBLE", "tags": ["VARCHAR"], "at": "VARCHAR"})
    {'id': 'DOUBLE', 'tags': ['VARCHAR'], 'at': 'VARCHAR'}
    >>> merged("BIGINT", "VARCHAR"), merged({"id": "BIGINT"}, "NULL"), merged({"id": "BIGINT"}, ["BIGINT"])
    ('JSON', {'id': 'BIGINT'}, 'JSON')
    """
    if one == other or other == "NULL":
        return one
    if one == "NULL":
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merged(one.get(key, "NULL"), other.get(key, "NULL")) for key in one | other}
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[0], other[0])]
    if isinstance(one, str) and isinstance(other, str) and {one, other} <= NUMBERS:
        return "DOUBLE" if "DOUBLE" in (one, other) else "HUGEINT"
    return "JSON"


def _unsure(found: dict[Path, dict[str, Shape]]) -> list[Path]:
    """Files with a key that another file gives a type and this one calls JSON, or with names that may be renamed."""
    kinds: dict[tuple[str, ...], set[str]] = {}
    for shape in found.values():
        for place, kind in _places(shape):
            kinds.setdefault(place, set()).add(kind)
    contested = {place for place, there in kinds.items() if "JSON" in there and len(there) > 1}
    return [
        path
        for path, shape in found.items()
        if _may_be_renamed(shape) or any(kind == "JSON" and place in contested for place, kind in _places(shape))
    ]


def _places(shape: Shape, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every place in a shape, and what is there: a type, an object or an array."""
    yield place, shape if isinstance(shape, str) else type(shape).__name__
    inner = shape.items() if isinstance(shape, dict) else [("*", part) for part in shape if isinstance(shape, list)]
    for key, part in inner:
        yield from _places(part, (*place, key))


def _may_be_renamed(names: Iterable[str]) -> bool:
    lower = {name.lower() for name in names}
    return any(RENAMED.sub("", name) in lower - {name} for name in lower)
