"""Recipes: shipped sources that read the files at hand, taken as they are instead of a guess.

A recipe fits if its SELECTs bind to the files. Which files belong to which of its aliases is seen by their names, or by
the columns of the small made-up files that come with it in ``raw/``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

import duckdb

from features.errors import CoterieError
from features.past import ACTIVITY
from pipelines.guesses.look import RawTable, Seen
from pipelines.scratch import create_schemas, passing_folder
from pipelines.sources.read import open_raw, raw_columns, raw_files
from pipelines.sources.shared_selects import with_shared
from pipelines.sources.source import Source, load_source, shipped_sources
from pipelines.sql import connect, identifier, search_path

ALIKE = 0.5
"""Share of the columns of two files, of all that either has, from which they are of one export."""
Columns = Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """A shipped source and the files at hand for its aliases; ``tables`` are those of its SELECTs that fit.

    ``missing``: aliases that those SELECTs read and no file is there for. ``alike`` counts the columns in common.
    """

    source: Source
    files: Mapping[str, tuple[RawTable, ...]]
    tables: tuple[str, ...]
    missing: tuple[str, ...]
    alike: int


def recognise(con: duckdb.DuckDBPyConnection, seen: Seen) -> Recipe | None:
    """The recipe that has most columns in common with the files that were seen; None if none fits."""
    columns = {table.alias: raw_columns(con, table.alias) for table in seen.tables}
    found = [_tried(con, load_source(name), seen, columns) for name in shipped_sources()]
    return max((recipe for recipe in found if recipe), key=lambda recipe: recipe.alike, default=None)


def _tried(con: duckdb.DuckDBPyConnection, source: Source, seen: Seen, columns: Mapping[str, Columns]) -> Recipe | None:
    samples = _samples(source.name)
    files = {
        alias: found
        for alias in source.config.files
        if (found := _files_of(source, alias, samples.get(alias, {}), seen, columns))
    }
    if not files:
        return None
    schema = f"recipe_{source.name}"
    con.execute(f"CREATE SCHEMA {schema}")
    for alias in source.config.files:
        _make_view(con, f"{schema}.{identifier(alias)}", files.get(alias, ()), samples.get(alias, {}))
    read = {table: aliases_in(sql, source) for table, sql in source.sql.items()}
    wanted = [
        table
        for table, aliases in read.items()
        if aliases <= set(files) or (table in ACTIVITY and aliases & set(files))
    ]
    tables = tuple(table for table in wanted if _binds(con, schema, source.sql[table]))
    if not set(ACTIVITY) & set(tables):
        return None
    needed = set().union(*(read[table] for table in tables))
    common = (
        len(set(columns[t.alias]) & set(samples.get(alias, columns[t.alias]))) for alias in files for t in files[alias]
    )
    kept = {alias: found for alias, found in files.items() if alias in needed}
    return Recipe(source, kept, tables, tuple(sorted(needed - set(files))), sum(common))


@cache
def _samples(name: str) -> Mapping[str, Columns]:
    """The columns of the files that come with a shipped source, by alias; none if it comes without."""
    source = load_source(name)
    try:
        with passing_folder() as copies, connect() as con:
            create_schemas(con)
            open_raw(con, source, raw_files(source), copies)
            return {alias: raw_columns(con, alias) for alias in source.config.files}
    except CoterieError:
        return {}


def _files_of(
    source: Source, alias: str, sample: Columns, seen: Seen, columns: Mapping[str, Columns]
) -> tuple[RawTable, ...]:
    """The files for an alias: those that its pattern names, else those whose columns are most like the sample's."""
    patterns = source.config.files[alias]
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        named = tuple(t for t in seen.tables if all(fnmatchcase(name, pattern) for name in t.names))
        if named and (not sample or max(_likeness(columns[t.alias], sample) for t in named) >= ALIKE):
            return named
    likeness = {t.alias: _likeness(columns[t.alias], sample) for t in seen.tables}
    best = max(likeness.values(), default=0.0)
    return tuple(t for t in seen.tables if likeness[t.alias] == best)[:1] if best >= ALIKE else ()


def _likeness(one: Columns, other: Columns) -> float:
    names, others = ({name.lower() for name in each} for each in (one, other))
    return len(names & others) / len(names | others) if names and others else 0.0


def _make_view(con: duckdb.DuckDBPyConnection, view: str, files: tuple[RawTable, ...], sample: Columns) -> None:
    """A view over the files; without files, an empty one with the sample's columns, if there are any."""
    if files:
        together = " UNION ALL BY NAME ".join(f"FROM raw.{identifier(table.alias)}" for table in files)
        con.execute(f"CREATE VIEW {view} AS {together}")
    elif sample:
        listed = ", ".join(f"CAST(NULL AS {type_}) AS {identifier(name)}" for name, type_ in sample.items())
        con.execute(f"CREATE VIEW {view} AS SELECT {listed} WHERE false")


def aliases_in(sql: str, source: Source) -> set[str]:
    """The aliases of the source that a SELECT reads."""
    code = re.sub(r"--[^\n]*", "", sql)
    return {alias for alias in source.config.files if re.search(rf"\b{alias}\b", code)}


def read_by(recipe: Recipe) -> list[str]:
    """The shared SELECTs that those of the recipe read which fit."""
    selects = [recipe.source.texts[table] for table in recipe.tables]
    shared = {name: text for name, text in recipe.source.texts.items() if name not in recipe.source.sql}
    return [name for name in shared if any(with_shared(text, {name: shared[name]}) != text for text in selects)]


def _binds(con: duckdb.DuckDBPyConnection, schema: str, sql: str) -> bool:
    try:
        with search_path(con, schema):
            con.execute(f"DESCRIBE {sql.strip().removesuffix(';')}")
    except duckdb.Error:
        return False
    return True


def settings_of_recipe(recipe: Recipe, name: str, raw: str) -> str:
    """The recipe's ``source.toml`` under another name, with the folder and the names of the files at hand."""
    changed = {"name": name, "title": f"{name.replace('_', ' ').capitalize()}, by the recipe {recipe.source.name}"}
    lines, section, has_raw = [], "", False
    for line in recipe.source.config_text.splitlines():
        if found := re.match(r"\[(\w+)\]", line):
            lines += [] if section or has_raw else [f"raw = {_text(raw)}", ""]
            section = found[1]
        key = found[1] if (found := re.match(r"(\w+)\s*=", line)) else ""
        if not section and key == "raw":
            has_raw = True
            lines.append(f"raw = {_text(raw)}")
        elif not section and key in changed:
            lines.append(f"{key} = {_text(changed[key])}")
        elif section == "files" and key in recipe.source.config.files:
            lines += _alias_line(recipe, key, line)
        else:
            lines.append(line)
    return "\n".join([*lines, ""])


def _alias_line(recipe: Recipe, alias: str, line: str) -> list[str]:
    if alias in recipe.missing:
        return ["# Not found: put it there, or take it out of the SELECTs that read it and delete this line.", line]
    if alias not in recipe.files:
        return []
    files, patterns = recipe.files[alias], recipe.source.config.files[alias]
    listed = (patterns,) if isinstance(patterns, str) else patterns
    named = any(all(fnmatchcase(name, pattern) for table in files for name in table.names) for pattern in listed)
    return [line] if named else [f"{alias} = {_text(files[0].pattern)}"]


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
