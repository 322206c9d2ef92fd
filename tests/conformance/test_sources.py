"""Laws of every shipped source; a new folder in examples/ is found and tested here by itself."""

import json
import re
from typing import Any

import duckdb
import pytest

from features.tables import TABLES, TableSpec
from pipelines.sources import Source, load_source, shipped_sources
from pipelines.sources.given_columns import SOURCE_PREFIX

STAR = "*"
NAMES = shipped_sources()
every_source = pytest.mark.parametrize("source", [load_source(name) for name in NAMES], ids=NAMES)


def test_sources_are_found_by_their_folder() -> None:
    assert set(NAMES) >= {"cdnow", "complete_journey", "online_retail", "simulated", "telco"}


@every_source
def test_a_source_has_the_name_of_its_folder_and_a_title(source: Source) -> None:
    assert source.name == source.folder.name
    assert source.config.title[0].isupper()
    assert re.fullmatch("[A-Z]{3}", source.config.currency)


@every_source
def test_each_select_fills_a_canonical_table_with_its_columns(source: Source) -> None:
    for table, sql in source.sql.items():
        spec = TABLES[table]
        names = _returned(_parsed(sql))
        assert len(set(names)) == len(names), table
        unknown = [name for name in names if not _is_known(spec, name)]
        assert not unknown, f"{table}.sql returns {unknown}"
        assert STAR in names or set(spec.required) <= set(names), table


@every_source
def test_each_select_reads_aliases_of_the_source_and_every_alias_is_read(source: Source) -> None:
    read = {table: _tables_in(_parsed(sql)) for table, sql in source.sql.items()}
    assert all(read.values())
    assert set().union(*read.values()) == set(source.config.files)


@every_source
def test_corrections_are_of_tables_that_the_source_fills(source: Source) -> None:
    assert set(source.config.corrections) <= set(source.sql)


def _is_known(spec: TableSpec, name: str) -> bool:
    return name == STAR or name in spec.column_names or spec.is_extra(name) or name.startswith(SOURCE_PREFIX)


def _parsed(sql: str) -> dict[str, Any]:
    """The one SELECT as DuckDB's own parse tree; the raw files need not be there."""
    with duckdb.connect() as con:
        (text,) = con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0]
    tree = json.loads(text)
    assert not tree["error"], tree.get("error_message")
    (statement,) = tree["statements"]
    node: dict[str, Any] = statement["node"]
    return node


def _returned(node: dict[str, Any]) -> list[str]:
    """Names of the columns that a SELECT returns; of a UNION those of its first SELECT."""
    while "select_list" not in node:
        node = node["left"] or node["children"][0]
    return [column["alias"] or column.get("column_names", [STAR])[-1] for column in node["select_list"]]


def _tables_in(tree: Any) -> set[str]:
    """Names of the tables read anywhere in a parse tree, without those that it defines itself by WITH."""
    if isinstance(tree, list):
        return set().union(*map(_tables_in, tree))
    if not isinstance(tree, dict):
        return set()
    own = {tree["table_name"]} if tree.get("type") == "BASE_TABLE" else set()
    defined = {entry["key"] for entry in tree.get("cte_map", {}).get("map", [])}
    return own.union(*map(_tables_in, tree.values())) - defined
