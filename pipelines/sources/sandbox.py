"""What a SELECT may do: read the aliases of its source and compute; no other file, no network, no extension, no write.

Two barriers. DuckDB's parse tree of each SELECT is looked through before it runs, so that whatever else it reads is
refused by name. And DuckDB itself is confined to the files of the ingest, in case the first barrier has a gap.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadTable
from pipelines.sources.messages import no_alias
from pipelines.sql import quoted

QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""Table functions that compute; all others read files, settings or the database."""
REFUSED_FUNCTIONS = frozenset({
    "current_query", "current_setting", "currval", "getenv", "getvariable", "nextval", "pseudonym", "setseed", "setval",
    "sleep_ms", "write_log",
})  # fmt: skip
"""Scalar functions that look outside the SELECT, or leave something behind."""


@dataclass(frozen=True)
class Query:
    """A SELECT that was looked through: its parse tree, and the aliases it reads."""

    tree: dict[str, Any]
    aliases: frozenset[str]


def look_through(con: duckdb.DuckDBPyConnection, where: str, query: str, aliases: Collection[str]) -> Query:
    """Look through one SELECT, without running it; ``where`` names it in errors.

    Raises:
        BadTable: it reads or does something else than reading ``aliases``.
    """
    parsed = json.loads(con.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0])
    if parsed.get("error"):
        raise BadTable(
            f"{where} cannot be looked through ({parsed['error_message']}): write one SELECT; a PIVOT needs "
            "ON column IN (values)"
        )
    known = {alias.lower(): alias for alias in aliases}
    found = set()
    for table in _tables(where, parsed["statements"][0], frozenset()):
        if table.lower() not in known:
            raise BadTable(f"{where} does not fit the raw files: {no_alias(table, aliases)}")
        found.add(known[table.lower()])
    return Query(parsed["statements"][0]["node"], frozenset(found))


def confine(con: duckdb.DuckDBPyConnection, files: Iterable[Path], folders: Iterable[Path]) -> None:
    """From now on this connection reaches these files, and what lies in these folders, and nothing else.

    It loads no extension and its settings cannot be changed. This cannot be undone.
    """
    con.execute("SET autoload_known_extensions = false")
    con.execute("SET python_enable_replacements = false")
    con.execute(f"SET allowed_paths = [{_spellings(files)}]")
    con.execute(f"SET allowed_directories = [{_spellings(folders)}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _spellings(paths: Iterable[Path]) -> str:
    """Each path as it is given, made absolute, and without symbolic links."""
    texts = {str(spelt) for path in paths for spelt in (path, path.absolute(), path.resolve())}
    return ", ".join(quoted(text) for text in sorted(texts))


def _tables(where: str, tree: Any, named: frozenset[str]) -> Iterator[str]:
    """Every table that ``tree`` reads; ``named`` are the WITH queries (lower case) that can be seen from there."""
    if isinstance(tree, list):
        for branch in tree:
            yield from _tables(where, branch, named)
    if not isinstance(tree, dict):
        return
    _refuse(where, tree)
    branches = dict(tree)
    for entry in branches.pop("cte_map", {}).get("map", []):
        name = frozenset({entry["key"].lower()})
        itself = name if entry["value"]["query_node"]["type"] == "RECURSIVE_CTE_NODE" else frozenset()
        yield from _tables(where, entry["value"], named | itself)
        named |= name
    if tree.get("type") == "BASE_TABLE":
        path = [str(part) for part in tree["qualified_name"]["path"]]
        if len(path) > 1 or path[0].lower() not in named:
            yield ".".join(path)
    yield from _tables(where, list(branches.values()), named)


def _refuse(where: str, tree: dict[str, Any]) -> None:
    query = tree.get("node") or tree.get("query_node")
    if isinstance(query, dict) and query.get("type") not in QUERIES:
        raise BadTable(f"{where} contains {query.get('type')}: a SELECT may read only; write one SELECT")
    if tree.get("type") == "SHOW_REF":
        raise BadTable(f"{where} contains DESCRIBE, SHOW or SUMMARIZE: a SELECT may read the rows of its aliases only")
    if tree.get("type") == "TABLE_FUNCTION":
        called = str(tree["function"]["function_name"]).lower()
        if called not in TABLE_FUNCTIONS:
            raise BadTable(
                f"{where} calls {called}(): a SELECT may read only what its source.toml names; name the file in "
                "[files], or the database in [database], and read it by its alias"
            )
    if tree.get("class") == "FUNCTION" and str(tree["function_name"]).lower() in REFUSED_FUNCTIONS:
        called = str(tree["function_name"]).lower()
        raise BadTable(f"{where} calls {called}(): a SELECT may compute from the rows of its aliases only")
