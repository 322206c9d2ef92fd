"""``coterie init``: look at raw files and write a source to edit, with every guess beside its reason."""

import os
import re
from pathlib import Path
from typing import Any

from features.errors import BadInput, BadTable
from features.tables import TABLES
from pipelines.guesses.look import Seen, look
from pipelines.guesses.mapping import Filled, guess
from pipelines.guesses.select import needs_check, select_of
from pipelines.guesses.settings import settings_of
from pipelines.scratch import create_schemas
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
    with connect() as con:
        create_schemas(con)
        seen = look(con, raw)
    filled = guess(seen.tables)
    _refuse_nothing(seen, filled)
    texts = {f"{each.table}.sql": select_of(each) for each in filled}
    texts[CONFIG_FILE] = settings_of(_name(folder), _place(folder, raw), seen, filled)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {
        "folder": str(folder),
        "tables": {each.table: each.raw.pattern for each in filled},
        "unread": dict(seen.unread),
        "message": _message(folder, seen, filled),
    }


def _name(folder: Path) -> str:
    """The folder's name as the name of a source."""
    return re.sub(r"[^a-z0-9_]+", "_", folder.resolve().name.lower()).strip("_") or "shop"


def _place(folder: Path, raw: Path) -> str:
    """The raw folder relative to the source's if it lies inside it, else absolute."""
    inside = raw.resolve().is_relative_to(folder.resolve())
    return os.path.relpath(raw.resolve(), folder.resolve()) if inside else str(raw.resolve())


def _refuse_nothing(seen: Seen, filled: list[Filled]) -> None:
    if {"orders", "events"} & {each.table for each in filled}:
        return
    found = "; ".join(
        [f"{table.pattern} has {', '.join(column.name for column in table.columns)}" for table in seen.tables]
        + [f"{pattern}: {why}" for pattern, why in seen.unread.items()]
    )
    needs = ", ".join(TABLES["orders"].required)
    raise BadTable(
        f"{seen.folder} has no file that looks like orders or events ({found}): a source needs a customer, a time and "
        f"a price or a kind of event; if the files have them, write orders.sql by hand, which returns {needs}"
    )


def _message(folder: Path, seen: Seen, filled: list[Filled]) -> str:
    lines = [f"wrote {folder}: a guess to correct"]
    for each in filled:
        doubts = ", ".join(column.name for column in needs_check(each))
        lines.append(f"  {each.table}.sql reads {each.raw.pattern}{f'; check {doubts}' if doubts else ''}")
    lines += [f"  not read: {pattern}: {why}" for pattern, why in seen.unread.items()]
    return "\n".join([*lines, f"what next: edit it, then `coterie check {folder}` and `coterie ingest {folder}`"])
