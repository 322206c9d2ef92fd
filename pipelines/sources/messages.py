"""What a source's author did and what to write instead: sentences on settings and on SQL."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

import duckdb
from pydantic import BaseModel, ValidationError

from features.tables import TABLES
from pipelines.sql import identifier

MOST_COLUMNS = 30
NO_HEADER = (
    ". A text file whose first line looks like data has the columns column0, column1, ...: use these names, or set "
    "[csv] header = true in source.toml if that line is the header"
)
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
_NO_COLUMN = re.compile(
    r'Referenced column "(.+?)" not found|column named "(.+?)"|Column "(.+?)" referenced that exists'
)
_NO_MATCH = re.compile(r"No function matches the given name and argument types '(\w*\W?)\(([^']*)\)'")
_NOT_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_CALLS_ERROR = re.compile(r"\berror\s*\(", re.IGNORECASE)
_BARE_AT = re.compile(r"(?<![.\w])(?<!\bas\s)at\b", re.IGNORECASE)


def settings_problems(error: ValidationError, settings: type[BaseModel]) -> str:
    """Every problem of ``source.toml`` in one sentence, each by its key."""
    problems = error.errors(include_url=False)
    return "; ".join(dict.fromkeys(_settings_problem(problem, settings) for problem in problems))


def _settings_problem(problem: Any, settings: type[BaseModel]) -> str:
    """One problem: what was found, and what to write."""
    path = [str(part) for part in problem["loc"] if part != "[key]"]
    key, found = ".".join(_without_kinds(path)), problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}{suggestion(path[-1], _keys(path[:-1], settings), _section(path[:-1]))}"
        case "missing":
            return f"the key {key!r} is missing: add it"
        case "string_pattern_mismatch" if problem["loc"][-1] == "[key]":
            return f"the alias {found!r} in [{path[0]}] is no plain name: write it like {_plain(found)!r}"
        case "string_pattern_mismatch" if key == "name":
            return f"{key} is {found!r}: use small letters, digits and _, like {_plain(found)!r}"
        case "tuple_type" if isinstance(found, str) and path[0] != "files":
            return f'{key} is a single text: write a list, {path[-1]} = ["{found}"]'
        case "model_type":
            return f"{key} is a value: write it as a table, [{key}], with {', '.join(_keys(path, settings))}"
        case "too_short":
            return f"{key} is empty: name at least one"
        case "string_type" | "tuple_type" if path[0] == "files":
            return f'{key} is {found!r}: name a file or a pattern, like "sales-*.csv"'
    message = (
        problem["msg"].removeprefix("Value error, ").replace("valid dictionary", "table").replace("valid tuple", "list")
    )
    return f"{key}: {message}"


def _without_kinds(path: Iterable[str]) -> list[str]:
    """The path of a key without what pydantic adds to tell apart the kinds of a union."""
    return [part for part in path if part not in {"str", "tuple"} and not part.startswith(("tuple[", "constrained"))]


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", str(name).lower()).strip("_") or "shop"


def _section(path: list[str]) -> str:
    return f"[{'.'.join(path)}]" if path else "source.toml"


def _keys(path: Iterable[str], settings: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a section of the settings."""
    section: Any = settings
    for name in path:
        field = section.model_fields[name].annotation
        section = next(
            (kind for kind in (field, *get_args(field)) if isinstance(kind, type) and issubclass(kind, BaseModel)),
            settings,
        )
    return tuple(section.model_fields)


def suggestion(name: str, known: Iterable[str], where: str = "") -> str:
    """The known name most like ``name``, else all of them: the end of a sentence.

    >>> suggestion("delimeter", ["delimiter", "encoding"]), suggestion("x", ["delimiter", "encoding"], "[csv]")
    (": did you mean 'delimiter'?", ': [csv] has delimiter, encoding')
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f": {where} has {', '.join(names)}" if where else f": use one of {', '.join(names)}"


def no_times(folder: str) -> str:
    """Why a source without orders, events and subscriptions is refused, and what to do."""
    return (
        f"{folder} fills neither orders nor events nor subscriptions: write one of these SELECTs. A table that says "
        "only how things are on one date has no times, so nothing can be learned about what comes after a date, unless "
        "it has a label that does: examples/telco turns one into the ends of contracts"
    )


def no_alias(name: str, aliases: Iterable[str]) -> str:
    """What is wrong with a table that a SELECT reads, and what there is instead."""
    canonical = ": a SELECT reads raw files, not canonical tables" if name in TABLES else ""
    return f"there is no alias {name!r}{canonical}: [files] of source.toml has {', '.join(sorted(aliases))}"


def misfit(con: duckdb.DuckDBPyConnection, error: duckdb.Error, sql: str, aliases: Iterable[str]) -> str:
    """What does not fit about a SELECT, in one sentence without a value of the data; empty if DuckDB's own will do."""
    text, aliases = str(error), sorted(aliases)
    if found := _NO_TABLE.search(text):
        return no_alias(found[1], aliases)
    if found := _NO_COLUMN.search(text):
        name = next(filter(None, found.groups()))
        return f"the files have no column {name!r}{_of_files(con, name, sql, aliases)}"
    if found := _NO_MATCH.search(text):
        return f"{found[1]} cannot take {found[2]}: text becomes a number with TRY_CAST(column AS DOUBLE)"
    if "Invalid Input Error" in text and _CALLS_ERROR.search(_NOT_CODE.sub('""', sql)):
        return "it calls error(), whose words may be personal and are not repeated here: look at its condition"
    if "Parser Error" in text and _BARE_AT.search(_NOT_CODE.sub('""', sql)):
        return 'a bare at begins a clause of SQL: write "at" in double quotes'
    return ""


def _of_files(con: duckdb.DuckDBPyConnection, name: str, sql: str, aliases: Iterable[str]) -> str:
    """The column most like ``name`` in the files that the SELECT reads, else all of their columns."""
    read = [alias for alias in aliases if re.search(rf"\b{alias}\b", sql)]
    columns = {
        alias: [str(row[0]) for row in con.execute(f"DESCRIBE raw.{identifier(alias)}").fetchall()] for alias in read
    }
    close = get_close_matches(
        name.lower(), {column.lower(): column for each in columns.values() for column in each}, n=1
    )
    if close:
        (column,) = [c for each in columns.values() for c in each if c.lower() == close[0]][:1]
        return f": did you mean {identifier(column)}?"
    listed = "; ".join(
        f"{alias} has {', '.join(map(identifier, each[:MOST_COLUMNS]))}" for alias, each in columns.items()
    )
    unnamed = NO_HEADER if any("column0" in each for each in columns.values()) else ""
    return f": {listed}{unnamed}" if listed else ""
