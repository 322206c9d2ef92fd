"""Raw files in which a person still occurs: they belong to the shop, so coterie only lists them."""

import gzip
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from features.errors import CoterieError
from pipelines.sources.read import raw_files
from pipelines.sources.source import load_source
from pipelines.sql import connect, parquet
from pipelines.workspace import Workspace

CHUNK = 1 << 22


def raw_files_holding(workspace: Workspace, last: dict[str, Any] | None, ids: Collection[str]) -> list[Path]:
    """Files of the last ingest, and of the simulation in the workspace, that contain one of ``ids`` as a word."""
    paths = {path for path in (workspace.home / "raw").rglob("*") if path.is_file()} | _last_files(last)
    return sorted(path for path in paths if contains(path, ids))


def contains(path: Path, ids: Collection[str]) -> bool:
    """Whether a file has one of ``ids`` as a word; Parquet and gzip are looked through."""
    words = re.compile(rb"(?<![\w-])(?:" + b"|".join(re.escape(id_.encode()) for id_ in sorted(ids)) + rb")(?![\w-])")
    if path.suffix == ".parquet":
        return _in_parquet(path, ids)
    longest = max(len(id_.encode()) for id_ in ids) + 2
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        tail = b""
        while piece := file.read(CHUNK):
            if words.search(tail + piece):
                return True
            tail = (tail + piece)[-longest:]
    return False


def _in_parquet(path: Path, ids: Collection[str]) -> bool:
    rows = parquet(path)
    with connect() as con:
        names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
        tests = " OR ".join(f'list_contains($1, trim(CAST("{name}" AS VARCHAR)))' for name in names)
        return bool(
            con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {rows} WHERE {tests} LIMIT 1)", [list(ids)]).fetchall()[
                0
            ][0]
        )


def _last_files(last: dict[str, Any] | None) -> set[Path]:
    """The files the last ingest would read now; none if its source or they are gone."""
    if last is None:
        return set()
    try:
        return {
            file.path for file in raw_files(load_source(last["source"]), Path(last["raw"]) if last["raw"] else None)
        }
    except CoterieError:
        return set()
