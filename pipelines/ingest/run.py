"""One ingest as it begins: the source, its files with their hashes and dates, and the name all of it decides."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from features.errors import BadConfig
from features.tables import TABLES
from pipelines.ingest.deliveries import Ledger, look_up, utc_now
from pipelines.ingest.seen_rows import marks_file, marks_folder
from pipelines.privacy.erased import Erased, read_erased
from pipelines.privacy.pseudonyms import key_id, key_of
from pipelines.sources.read import RawFile, raw_files
from pipelines.sources.source import Source
from pipelines.workspace import Workspace

# Raise it when code changes what is written for the same input.
FORMAT = 6


@dataclass(frozen=True)
class Run:
    """What one ingest works on; rows at or after ``present`` are in the future.

    ``key``: the workspace's key if customer ids become pseudonyms, else None. ``marks``: the folder of the marks of its
    rows. ``as_known``: as :func:`begin` takes it.
    """

    source: Source
    files: Sequence[RawFile]
    hashes: Mapping[str, str]
    key: bytes | None
    marks: Path
    ledger: Ledger
    present: datetime
    erased: Erased
    as_known: datetime | None

    @property
    def key_id(self) -> str | None:
        """Names the key without revealing it."""
        return None if self.key is None else key_id(self.key)

    @property
    def inputs(self) -> str:
        """16 hex digits of a hash over everything that decides what is written, but for the clock."""
        delivered = {name: str(when) for name, when in self.ledger.delivered.items() if when is not None}
        decides = {
            "format": FORMAT,
            "source": self.source.config.model_dump(mode="json", exclude={"raw", "title"}),
            "sql": self.source.sql,
            "files": [[file.alias, file.name, self.hashes[file.name]] for file in self.files],
            "delivered": delivered,
            "replaced": self.ledger.replaced(self.hashes),
            "key": self.key_id,
            "as_known": None if self.as_known is None else self.as_known.isoformat(),
            "erased": self.erased.digest,
        }
        return _digest(decides)

    def id(self, published: Iterable[Path]) -> str:
        """The name of what is written: of one of the ``published`` folders if that is what would be written again.

        It is not if rows were refused there as in the future that are not any more.
        """
        same = [facts for facts in map(_facts, published) if facts.get("inputs") == self.inputs]
        for facts in same:
            if facts["future_from"] is None or self.present <= datetime.fromisoformat(facts["future_from"]):
                return str(facts["id"])
        return _digest([self.inputs, self.present.isoformat()]) if same else self.inputs


def _digest(decides: Any) -> str:
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def _facts(folder: Path) -> dict[str, Any]:
    """The manifest of an earlier ingest; empty if it cannot be read."""
    try:
        facts: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts


def begin(
    workspace: Workspace, source: Source, raw: Path | None, pseudonymise: bool | None, as_known: datetime | None
) -> Run:
    """Look at the files and at what the workspace knows of them; nothing is written but a missing key.

    Raises:
        BadConfig: customers become pseudonyms, and a table says who they are.
    """
    files = raw_files(source, raw)
    hashes = {file.name: file.content() for file in files}
    hidden = source.config.pseudonymise if pseudonymise is None else pseudonymise
    vaults = [name for name in source.sql if TABLES[name].vault]
    if hidden and vaults:
        raise BadConfig(
            f"{vaults[0]}.sql of {source.name} says who is behind each pseudonym: take it out of the source, or ingest "
            "without pseudonyms"
        )
    key = key_of(workspace.home) if hidden else None
    marks = marks_folder(workspace.home, source.name, None if key is None else key_id(key))
    return Run(
        source=source,
        files=files,
        hashes=hashes,
        key=key,
        marks=marks,
        ledger=look_up(
            workspace.home,
            source.name,
            files,
            hashes,
            as_known or utc_now(),
            has_marks=lambda name, sha256: marks_file(marks, name, sha256).is_file(),
        ),
        present=as_known or _end_of_today(),
        erased=read_erased(workspace.home),
        as_known=as_known,
    )


def _end_of_today() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
