"""Deliveries: when each raw file was first seen, so that what came late can be told from what came in time.

``deliveries.json`` in the workspace holds, for every source, one entry a file content in the order they came: name,
SHA-256, the instant (UTC) and whether it was part of a backfill. Entries are added and never changed; the ledger
moves after the new tables are written and before the pointer moves to them, so that a crash loses neither.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import BadArtifact
from pipelines.sources.read import RawFile

LEDGER = "deliveries.json"
FORMAT = 1


@dataclass(frozen=True)
class Ledger:
    """The history of one workspace, and what the ingest at hand adds to the history of ``source``.

    ``delivered`` says for every current file when it was first seen; None if its rows cannot be late.
    """

    path: Path
    source: str
    sources: Mapping[str, Sequence[Mapping[str, Any]]]
    added: Sequence[Mapping[str, Any]]
    delivered: Mapping[str, datetime | None]

    def write(self) -> None:
        """Add the new entries, atomically; nothing is written if there are none."""
        if not self.added:
            return
        sources = {**self.sources, self.source: [*self.sources.get(self.source, ()), *self.added]}
        draft = self.path.with_name(f".{LEDGER}-{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "sources": sources}, file, sort_keys=True, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def look_up(home: Path, source: str, files: Sequence[RawFile], hashes: Mapping[str, str], now: datetime) -> Ledger:
    """What the workspace knows of ``files`` (name: SHA-256 in ``hashes``); ``now`` (UTC) dates those it never saw.

    A file is known by its content, so that moving or renaming it makes nothing late. The first files of a source are a
    backfill, and so is a delivery in which no file of an earlier one is left: it is a new beginning. A full export
    takes the place of the one before, so none of its rows is late.

    Raises:
        BadArtifact: the ledger cannot be read.
    """
    sources = _read(home / LEDGER)
    entries = sources.get(source, ())
    seen: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        seen.setdefault(entry["sha256"], entry)
    streams = {file.name for file in files if not file.full_export}
    beginning = not any(hashes[name] in seen for name in streams or hashes)
    recorded = {(entry["file"], entry["sha256"]) for entry in entries}
    added: list[dict[str, Any]] = [
        {"file": name, "sha256": hashes[name], "first_seen": f"{now.isoformat()}Z", "backfill": beginning}
        for name in sorted({file.name for file in files})
        if (name, hashes[name]) not in recorded
    ]
    for entry in added:
        seen.setdefault(entry["sha256"], entry)
    delivered = {name: _instant(seen[hashes[name]]) if name in streams else None for name in sorted(hashes)}
    return Ledger(home / LEDGER, source, sources, added, delivered)


def utc_now() -> datetime:
    """The present by the clock, UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _instant(entry: Mapping[str, Any]) -> datetime | None:
    return None if entry["backfill"] else datetime.fromisoformat(entry["first_seen"]).replace(tzinfo=None)


def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    if not path.exists():
        return {}
    try:
        ledger = json.loads(path.read_text(encoding="utf-8"))
        sources: dict[str, list[dict[str, Any]]] = ledger["sources"]
        for entries in sources.values():
            for entry in entries:
                _instant(entry), entry["file"], entry["sha256"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadArtifact(
            f"{path} cannot be read ({type(error).__name__}: {error}): restore it from a backup; without it no row "
            "counts as late, and snapshots of the past may show what was not known then"
        ) from None
    return sources
