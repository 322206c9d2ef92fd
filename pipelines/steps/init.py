"""``coterie init``: look at raw files and write a source to edit, with every guess beside its reason."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import BadInput, BadTable
from features.past import ACTIVITY
from features.tables import TABLES
from pipelines.commands import typed
from pipelines.guesses.contacts import with_contacts
from pipelines.guesses.ids import reconcile
from pipelines.guesses.look import Seen, look, together
from pipelines.guesses.mapping import Filled, guess
from pipelines.guesses.recipes import Recipe, aliases_in, read_by, recognise, settings_of_recipe
from pipelines.guesses.select import needs_check, select_of
from pipelines.guesses.settings import has_decimal_commas, settings_of
from pipelines.scratch import create_schemas, passing_folder
from pipelines.sources.source import CONFIG_FILE
from pipelines.sql import connect


def init_source(folder: Path, raw: Path) -> dict[str, Any]:
    """Write ``source.toml`` and a SELECT for each table that the files in ``raw`` seem to fill.

    Raises:
        BadInput: the folder is a source already.
        BadTable: no file has customers, times and prices or kinds of events; nothing is written.
    """
    if (folder / CONFIG_FILE).exists() or list(folder.glob("*.sql")):
        raise BadInput(f"{folder} is a source already: edit it, or name a folder that does not exist yet")
    with passing_folder() as copies, connect() as con:
        create_schemas(con)
        seen = look(con, raw, copies)
        recipe = recognise(con, seen)
        if recipe is None:
            seen = together(con, seen, copies)
        filled = [] if recipe else with_contacts(reconcile(con, guess(seen.tables)))
    name, place = _name(folder), _place(folder, raw)
    draft = _of_recipe(recipe, seen, name, place) if recipe else _guessed(seen, filled, name, place)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in draft.texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    lines = [f"wrote {folder}: {draft.headline}", *(f"  {line}" for line in draft.lines)]
    lines += [f"  not read: {pattern}: {why}" for pattern, why in seen.unread.items()]
    lines.append(f"what next: edit it, then `{typed('check', folder)}` and `{typed('ingest', folder)}`")
    return {
        "folder": str(folder),
        "recipe": recipe.source.name if recipe else None,
        "tables": draft.tables,
        "unread": dict(seen.unread),
        "message": "\n".join(lines),
    }


@dataclass(frozen=True)
class Draft:
    """The files of a new source by name, its tables with the pattern of their files, and what to say about them."""

    texts: Mapping[str, str]
    tables: Mapping[str, str]
    headline: str
    lines: Sequence[str]


def _of_recipe(recipe: Recipe, seen: Seen, name: str, place: str) -> Draft:
    """A copy of the recipe, without the SELECTs whose files are not there."""
    sql = recipe.source.sql
    written = [*recipe.tables, *read_by(recipe)]
    texts = {f"{name}.sql": recipe.source.texts[name] for name in written}
    texts[CONFIG_FILE] = settings_of_recipe(recipe, name, place)
    used = [table for files in recipe.files.values() for table in files]
    lines = [f"{alias} reads {', '.join(t.pattern for t in files)}" for alias, files in recipe.files.items()]
    lines += [f"not found for {alias}: {recipe.source.config.files[alias]}" for alias in recipe.missing]
    lines += [f"left out, its files are not there: {table}.sql" for table in sql if table not in recipe.tables]
    lines += [f"not used: {table.pattern}" for table in seen.tables if table not in used]
    tables = {
        table: ", ".join(each.pattern for alias in sorted(aliases) for each in recipe.files.get(alias, ()))
        for table in recipe.tables
        if (aliases := aliases_in(sql[table], recipe.source))
    }
    return Draft(texts, tables, f"these are files as {recipe.source.name} exports them, read by its recipe", lines)


def _guessed(seen: Seen, filled: Sequence[Filled], name: str, place: str) -> Draft:
    """Guesses by name and content; BadTable if they make no source."""
    _refuse_nothing(seen, filled)
    decimal_comma = has_decimal_commas(filled)
    texts = {f"{each.table}.sql": select_of(each, decimal_comma) for each in filled}
    texts[CONFIG_FILE] = settings_of(name, place, seen, filled)
    lines = []
    for each in filled:
        doubts = ", ".join(column.name for column in needs_check(each))
        lines.append(f"{each.table}.sql reads {each.raw.pattern}{f'; check {doubts}' if doubts else ''}")
    return Draft(texts, {each.table: each.raw.pattern for each in filled}, "a guess to correct", lines)


def _name(folder: Path) -> str:
    """The folder's name as the name of a source."""
    return re.sub(r"[^a-z0-9_]+", "_", folder.resolve().name.lower()).strip("_") or "shop"


def _place(folder: Path, raw: Path) -> str:
    """The raw folder relative to the source's if it lies inside it, else absolute."""
    inside = raw.resolve().is_relative_to(folder.resolve())
    return os.path.relpath(raw.resolve(), folder.resolve()) if inside else str(raw.resolve())


def _refuse_nothing(seen: Seen, filled: Sequence[Filled]) -> None:
    if set(ACTIVITY) & {each.table for each in filled}:
        return
    found = "; ".join(
        [f"{table.pattern} has {', '.join(column.name for column in table.columns)}" for table in seen.tables]
        + [f"{pattern}: {why}" for pattern, why in seen.unread.items()]
    )
    needs = ", ".join(TABLES["orders"].required)
    raise BadTable(
        f"{seen.folder} has no file that looks like orders, events or subscriptions ({found}): a source needs a customer, a time and "
        f"a price or a kind of event; if the files have them, write orders.sql by hand, which returns {needs}"
    )
