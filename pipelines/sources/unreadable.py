"""A column most of whose values cannot be read: the mapping is wrong, not the data."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from features.columns import Column, TableSpec
from features.errors import BadTable
from pipelines.sources.numbers import has_decimal_comma
from pipelines.sources.times import unit_of
from pipelines.sql import parquet

# Single bad values are dirt, and become rejects.
UNREADABLE_SHARE = 0.5


def refuse_unreadable(con: duckdb.DuckDBPyConnection, source: str, spec: TableSpec, given: Iterable[Column]) -> None:
    """Look at the ``given`` columns of ``staged.<table>``.

    Raises:
        BadTable: most values of one cannot be read; says what to declare. A personal value is not shown.
    """
    for column in given:
        if column.type == "str":
            continue
        name, returned = column.name, f'CAST("returned_{column.name}" AS VARCHAR)'
        read, unreadable, example = con.execute(
            f"""SELECT count("{name}"), count(*) FILTER (reason = 'unreadable_{name}'),
                    min({returned}) FILTER (reason = 'unreadable_{name}')
                FROM staged."{spec.name}\""""
        ).fetchall()[0]
        if unreadable > UNREADABLE_SHARE * (read + unreadable):
            shown = f" (for example {example!r} cannot)" if not spec.is_personal(name) else ""
            raise BadTable(
                f"{source}: {unreadable} values of {spec.name}.{name} cannot be read as {column.type}, "
                f"{read} can{shown}: {cure(spec.name, column, example)}"
            )


def cure_of_file(con: duckdb.DuckDBPyConnection, spec: TableSpec, given: Iterable[Column], path: Path) -> str:
    """What to do about a staged file whose every row is rejected for one unreadable column; empty if for none."""
    for column in given:
        example = con.execute(
            f"""SELECT min(CAST("returned_{column.name}" AS VARCHAR)) FROM {parquet(path)}
            WHERE reason = 'unreadable_{column.name}'"""
        ).fetchall()[0][0]
        if example is not None:
            shown = "whose values are personal" if spec.is_personal(column.name) else f"such as {example!r}"
            return f"{shown}: {cure(spec.name, column, example)}"
    return ""


def cure(table: str, column: Column, example: str | None) -> str:
    """What to do about a column whose values look like ``example``; a refused row of a vault has none left."""
    if example is None:
        return f"correct {table}.sql"
    unit = unit_of(example)
    if column.type == "time" and unit is not None:
        return f'declare [times] {column.name} = "{unit}" in source.toml'
    if column.type == "time":
        return "set time_formats in source.toml"
    if column.type in {"float", "int"} and has_decimal_comma(example):
        whole = f"replace({column.name}, '.', '')" if "." in example else column.name
        replaced = f"replace({whole}, ',', '.')"
        return f'set decimal = "," under [csv] in source.toml, or return {replaced} in {table}.sql'
    return f"correct {table}.sql"
