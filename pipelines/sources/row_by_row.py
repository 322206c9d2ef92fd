"""Whether a SELECT reads one file alias row by row, so that each raw file can be staged by itself.

Then what is staged of a file depends on that file alone. The answer is yes only if everything in DuckDB's parse tree is
known to be safe; anything unknown makes it no, and the table is staged as a whole.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import duckdb

# Classes of expressions that look at one row. Aggregates, windows and subqueries are others.
SAFE = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR", "STAR",
     "TYPE"}
)  # fmt: skip
# What else a SELECT may hold; all of it must be empty.
CLAUSES = ("modifiers", "group_expressions", "group_sets", "having", "sample", "qualify")
MACROS_DEEP = 5


def alias_read_row_by_row(con: duckdb.DuckDBPyConnection, query: str, aliases: Collection[str]) -> str | None:
    """The one alias that ``query`` reads row by row; None if it does anything else, or if that is not certain."""
    node = _node(con, query)
    if node is None or any(node.get(clause) for clause in CLAUSES) or node.get("cte_map", {}).get("map"):
        return None
    table = node.get("from_table") or {}
    plain = table.get("type") == "BASE_TABLE" and not any(
        table.get(part) for part in ("schema_name", "catalog_name", "sample", "at_clause", "column_name_alias")
    )
    if not plain or table["table_name"] not in aliases or node.get("aggregate_handling") != "STANDARD_HANDLING":
        return None
    looked_at = [*node["select_list"], node.get("where_clause")]
    return str(table["table_name"]) if _safe(looked_at, _functions(), con, MACROS_DEEP) else None


def _node(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any] | None:
    """The parse tree of a plain SELECT; None for set operations and whatever has no tree."""
    parsed = json.loads(con.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0])
    if parsed.get("error") or len(parsed["statements"]) != 1:
        return None
    node: dict[str, Any] = parsed["statements"][0]["node"]
    return node if node.get("type") == "SELECT_NODE" else None


@cache
def _functions() -> dict[str, set[tuple[str, str | None, str | None]]]:
    """For every function of DuckDB's own: the (type, stability, macro) of its overloads."""
    listed = "SELECT function_name, function_type, stability, macro_definition FROM duckdb_functions()"
    found: dict[str, set[tuple[str, str | None, str | None]]] = {}
    with duckdb.connect() as con:
        for name, type_, stability, macro in con.execute(listed).fetchall():
            found.setdefault(name, set()).add((type_, stability, macro))
    return found


def _safe(tree: Any, functions: Mapping[str, Any], con: duckdb.DuckDBPyConnection, deep: int) -> bool:
    """Whether every expression in ``tree`` looks at one row, and says the same whenever it is asked."""
    if isinstance(tree, list):
        return all(_safe(branch, functions, con, deep) for branch in tree)
    if not isinstance(tree, dict):
        return True
    if tree.get("class", "TYPE") not in SAFE:
        return False
    if tree.get("class") == "FUNCTION" and not _plain_call(tree, functions, con, deep):
        return False
    # current_date without brackets looks like a column.
    if tree.get("class") == "COLUMN_REF" and tree["column_names"][-1].lower() in functions:
        overloads = functions[tree["column_names"][-1].lower()]
        if any(stability not in {"CONSISTENT", None} for _, stability, _ in overloads):
            return False
    return all(_safe(branch, functions, con, deep) for branch in tree.values())


def _plain_call(
    call: Mapping[str, Any], functions: Mapping[str, Any], con: duckdb.DuckDBPyConnection, deep: int
) -> bool:
    """A scalar function whose answer depends on its arguments alone, or a macro made of such."""
    overloads = functions.get(call["function_name"].lower())
    if not overloads or deep == 0 or call.get("filter") or call.get("distinct"):
        return False
    for type_, stability, macro in overloads:
        if type_ == "macro":
            node = _node(con, f"SELECT {macro}")
            if node is None or not _safe(node["select_list"], functions, con, deep - 1):
                return False
        elif type_ != "scalar" or stability != "CONSISTENT":
            return False
    return True
