"""Staging: what a source's SELECT returned beside the same values as canonical types, and why a row must go.

A staged table ``staged.<table>`` holds, for every row the SELECT returned,

- ``returned_<column>``: the value as returned (only for columns the SELECT has), and its ``source_*`` columns;
- ``<column>``: the value as the canonical type; null where absent or unreadable;
- ``not_product`` (orders, products): the product id is one the source calls no product;
- ``fingerprint``: a hash of everything returned; equal rows have equal ones;
- ``reason``: why the row cannot be kept; null if it can. The first reason in :mod:`pipelines.sources` order.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import duckdb

from features.errors import BadTable
from features.tables import TABLES, Column, TableSpec
from pipelines.sources.casting import needs_text, trimmed, typed
from pipelines.sources.read import found_by_duckdb, quoted
from pipelines.sources.reasons import not_product, reasons
from pipelines.sources.source import Source, SourceConfig

SOURCE_PREFIX = "source_"
# A mapping whose values cannot be read more often than this is wrong; single bad values are dirt.
UNREADABLE_SHARE = 0.5
_TAIL = re.compile(r";\s*(--[^\n]*\s*)*$")


@dataclass(frozen=True)
class Staged:
    """A staged table: its contract, the canonical columns it will have, and what the SELECT returned (name: type)."""

    spec: TableSpec
    columns: tuple[Column, ...]
    returned: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the canonical table."""
        return self.spec.name

    @property
    def given(self) -> tuple[Column, ...]:
        """Canonical columns the SELECT returned, in contract order."""
        return tuple(column for column in self.columns if column.name in self.returned)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The SELECT's ``source_*`` columns."""
        return tuple(name for name in self.returned if name.startswith(SOURCE_PREFIX))

    @property
    def identity(self) -> str:
        """SQL list of everything returned: rows equal in all of it are exact duplicates."""
        names = [f"returned_{column.name}" for column in self.given] + list(self.source_columns)
        return ", ".join(f'"{name}"' for name in names)


def stage(con: duckdb.DuckDBPyConnection, source: Source, table: str, present: datetime) -> Staged:
    """Run ``<table>.sql`` once and write ``staged.<table>``; a row at or after ``present`` is in the future.

    Raises:
        BadTable: the SQL fails, its columns are not the table's, or a column cannot be read at all.
    """
    query = _single_select(con, source, table)
    con.execute("SET search_path = 'raw'")
    try:
        staged = _described(con, source, table, query)
        con.execute(_staging_query(staged, query, source.config, present))
    except duckdb.Error as error:
        raise BadTable(f"{table}.sql of {source.name} does not fit the raw files: {found_by_duckdb(error)}") from None
    finally:
        con.execute("SET search_path = 'main'")
    _refuse_unreadable(con, source, staged)
    return staged


def _single_select(con: duckdb.DuckDBPyConnection, source: Source, table: str) -> str:
    try:
        statements = con.extract_statements(source.sql[table])
    except duckdb.Error as error:
        raise BadTable(f"{table}.sql of {source.name} is not valid SQL: {found_by_duckdb(error)}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise BadTable(f"{table}.sql of {source.name} must be one SELECT, found {kinds}")
    return _TAIL.sub("", str(statements[0].query).strip())


def _described(con: duckdb.DuckDBPyConnection, source: Source, table: str, query: str) -> Staged:
    names_and_types = [(name, type_) for name, type_, *_ in con.execute(f"DESCRIBE {query}").fetchall()]
    spec = TABLES[table]
    names = [name for name, _ in names_and_types]
    _check_columns(spec, f"{table}.sql of {source.name}", names)
    extra = tuple(Column(name, "str", True, "") for name in names if _is_extra(spec, name))
    return Staged(spec, spec.columns + extra, dict(names_and_types))


def _is_extra(spec: TableSpec, name: str) -> bool:
    return spec.extra_prefix is not None and name.startswith(spec.extra_prefix)


def _check_columns(spec: TableSpec, where: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadTable(f"{where} returns {', '.join(twice)} more than once: name every column once")
    for name in names:
        if name in spec.column_names or name.startswith(SOURCE_PREFIX) or _is_extra(spec, name):
            continue
        close = get_close_matches(name, spec.column_names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"{spec.name} has {', '.join(spec.column_names)}"
        raise BadTable(f"{where} returns the unknown column {name}: {hint}")
    missing = [name for name in spec.required if name not in names]
    if missing:
        raise BadTable(f"{where} lacks {', '.join(missing)}: return every required column ({', '.join(spec.required)})")


def _staging_query(staged: Staged, query: str, config: SourceConfig, present: datetime) -> str:
    returned = [f'"{column.name}" AS "returned_{column.name}"' for column in staged.given]
    returned += [f'"{name}"' for name in staged.source_columns]
    texts = {
        f'"text_{column.name}"': trimmed(f'"returned_{column.name}"')
        for column in staged.given
        if needs_text(column, staged.returned[column.name])
    }
    values = [
        f'{typed(column, staged.returned.get(column.name), config)} AS "{column.name}"' for column in staged.columns
    ]
    flags = [f"{not_product(config)} AS not_product"] if staged.name in {"orders", "products"} else []
    why = reasons(staged.spec, staged.columns, staged.returned, config, present)
    cases = " ".join(f"WHEN {condition} THEN {quoted(reason)}" for reason, condition in why)
    return f"""
        CREATE TABLE staged."{staged.name}" AS
        WITH selected AS ({query}
        ), returned AS (SELECT {", ".join(returned)} FROM selected
        ), texts AS (SELECT {", ".join(["*", *(f"{text} AS {name}" for name, text in texts.items())])} FROM returned
        ), typed AS (SELECT {", ".join(["*", *values])} FROM texts
        ), flagged AS (SELECT {", ".join(["*", *flags])} FROM typed)
        SELECT {f"* EXCLUDE ({', '.join(texts)})" if texts else "*"},
            hash({staged.identity}) AS fingerprint, CASE {cases} END AS reason
        FROM flagged"""


def _refuse_unreadable(con: duckdb.DuckDBPyConnection, source: Source, staged: Staged) -> None:
    """Refuse a table most of whose values of one column cannot be read: the mapping is wrong, not the data."""
    for column in staged.given:
        if column.type == "str" or staged.returned[column.name] != "VARCHAR":
            continue
        name, returned = column.name, f'"returned_{column.name}"'
        read, unreadable, example = con.execute(
            f"""SELECT count("{name}"), count(*) FILTER (reason = 'unreadable_{name}'),
                    min({returned}) FILTER (reason = 'unreadable_{name}')
                FROM staged."{staged.name}\""""
        ).fetchall()[0]
        if unreadable > UNREADABLE_SHARE * (read + unreadable):
            cure = "set time_formats in source.toml" if column.type == "time" else f"correct {staged.name}.sql"
            raise BadTable(
                f"{source.name}: {unreadable} values of {staged.name}.{name} cannot be read as {column.type}, "
                f"{read} can (for example {example!r} cannot): {cure}"
            )
