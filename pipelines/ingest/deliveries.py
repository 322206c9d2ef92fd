"""Deliveries: when each raw file was first seen, which separates rows that came late from those that came in time.

Of a file that replaces another, only the rows that are new in it came with it (:mod:`pipelines.ingest.seen_rows`).

``deliveries.json`` in the workspace has, for every source, one entry for each file name and content (SHA-256) in the
order they arrived, with the instant it was first seen (UTC) and whether it was part of a backfill. Entries are added
and never changed. ``to_clean`` lists contents from which an erased person is still to be removed: a file that replaces
one of them under the same name brings no news, so it takes over the instant. The ledger is written after the new
tables and before the pointer moves to them, so that a crash loses neither.
"""

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import BadArtifact
from pipelines.sources.read import RawFile

LEDGER = "deliveries.json"
FORMAT = 1

Sources = Mapping[str, Sequence[Mapping[str, Any]]]
"""The entries of each source, in the order they came."""


@dataclass(frozen=True)
class Ledger:
    """The history of one workspace, and what the ingest at hand adds to the history of ``source``.

    ``delivered``: when each current file was first seen; None if its rows cannot be late. ``all_new``: no file is one
    of an earlier ingest.
    """

    path: Path
    source: str
    sources: Sources
    to_clean: frozenset[str]
    added: Sequence[Mapping[str, Any]]
    delivered: Mapping[str, datetime | None]
    all_new: bool = False

    @property
    def earlier(self) -> Sequence[Mapping[str, Any]]:
        """The entries of the source before this ingest, in the order they came."""
        return self.sources.get(self.source, ())

    @property
    def entries(self) -> Sequence[Mapping[str, Any]]:
        """The entries of the source after this ingest."""
        return [*self.earlier, *self.added]

    def had(self, name: str, sha256: str) -> bool:
        """Whether an earlier ingest saw this content under this name."""
        return any((entry["file"], entry["sha256"]) == (name, sha256) for entry in self.earlier)

    def replaced(self, hashes: Mapping[str, str]) -> list[list[str]]:
        """The entries that decide since when rows of the current files are known; none if no file has a date."""
        if not any(self.delivered.values()):
            return []
        gone = [entry for entry in self.earlier if hashes.get(entry["file"]) != entry["sha256"]]
        return [[entry["file"], entry["sha256"], str(_instant(entry))] for entry in gone]

    def write(self) -> None:
        """Add the new entries, atomically; nothing is written if there are none."""
        if not self.added:
            return
        _write(self.path, {**self.sources, self.source: self.entries}, self.to_clean)


def expect_cleaning(home: Path, contents: Collection[str]) -> None:
    """Note that files with these contents (SHA-256) are to be cleaned of somebody who was erased."""
    sources, to_clean = _read(home / LEDGER)
    if not to_clean.issuperset(contents):
        _write(home / LEDGER, sources, to_clean.union(contents))


def look_up(
    home: Path,
    source: str,
    files: Sequence[RawFile],
    hashes: Mapping[str, str],
    now: datetime,
    has_marks: Callable[[str, str], bool] = lambda name, sha256: False,  # noqa: ARG005
) -> Ledger:
    """What the workspace knows of ``files`` (name: SHA-256 in ``hashes``); ``now`` (UTC) dates those it never saw.

    A renamed file takes over the instant of its old name, so that moving files makes nothing late. The first files of a
    source are a backfill, and so is a delivery that shares no file with earlier ones: it is a new beginning. A full
    export replaces the one before, so none of its rows is late. A content whose rows cannot be compared with those that
    it replaces, because these have no marks (``has_marks``), takes over their instant.

    Raises:
        BadArtifact: the ledger cannot be read.
    """
    sources, to_clean = _read(home / LEDGER)
    entries = sources.get(source, ())
    seen = {(entry["file"], entry["sha256"]): entry for entry in entries}
    # What was there under a name that is gone may have moved.
    moved = {entry["sha256"]: entry for entry in reversed(entries) if entry["file"] not in hashes}
    newest = {entry["file"]: entry for entry in entries}
    streams = {file.name for file in files if not file.full_export}
    marked = {(file, sha256) for file, sha256 in seen if has_marks(file, sha256)}
    followed = {
        name: entry
        for name, entry in newest.items()
        if entry["sha256"] in to_clean or (name in streams and (name, entry["sha256"]) not in marked)
    }
    known = {sha256 for _, sha256 in seen}
    all_new = not any(hashes[name] in known or name in followed for name in streams or hashes)
    new: dict[str, Any] = {"first_seen": f"{now.isoformat()}Z", "backfill": all_new and not marked}
    added = [
        {"file": name, "sha256": sha256} | _moment(moved.get(sha256) or followed.get(name, new))
        for name, sha256 in sorted(hashes.items())
        if (name, sha256) not in seen
    ]
    seen |= {(entry["file"], entry["sha256"]): entry for entry in added}
    delivered = {name: _instant(seen[name, hashes[name]]) if name in streams else None for name in sorted(hashes)}
    return Ledger(home / LEDGER, source, sources, to_clean, added, delivered, all_new)


def _moment(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"first_seen": entry["first_seen"], "backfill": entry["backfill"]}


def utc_now() -> datetime:
    """The present by the clock, UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _instant(entry: Mapping[str, Any]) -> datetime | None:
    return None if entry["backfill"] else datetime.fromisoformat(entry["first_seen"]).replace(tzinfo=None)


def _write(path: Path, sources: Sources, to_clean: frozenset[str]) -> None:
    draft = path.with_name(f".{LEDGER}-{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, "sources": sources, "to_clean": sorted(to_clean)}, file, sort_keys=True, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path) -> tuple[Sources, frozenset[str]]:
    if not path.exists():
        return {}, frozenset()
    try:
        ledger = json.loads(path.read_text(encoding="utf-8"))
        sources: Sources = ledger["sources"]
        to_clean = frozenset(ledger.get("to_clean", ()))
        for entries in sources.values():
            for entry in entries:
                _instant(entry), entry["file"], entry["sha256"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadArtifact(
            f"{path} cannot be read ({type(error).__name__}: {error}): restore it from a backup; without it no row "
            "counts as late, and snapshots of the past may show what was not known then"
        ) from None
    return sources, to_clean
