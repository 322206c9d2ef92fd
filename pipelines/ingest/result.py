"""What an ingest left in the workspace, as it is read back from ``canonical/<id>/``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import BadArtifact
from pipelines.audit import Change, Finding


@dataclass(frozen=True)
class IngestResult:
    """What an ingest left in the workspace; ``changed`` is False if it was current already.

    ``conflicts`` counts, for each column of ``customers``, the customers whose linked ids have different values.
    ``late`` counts, for each table, the rows that became known only when their file arrived. ``absent`` are the aliases
    whose export may be missing, and is.
    """

    id: str
    folder: Path
    counts: Mapping[str, int]
    rejects: Mapping[str, Mapping[str, int]]
    repairs: Mapping[str, Mapping[str, int]]
    findings: Sequence[Finding]
    changes: Sequence[Change]
    conflicts: Mapping[str, int]
    late: Mapping[str, int]
    absent: Sequence[str]
    changed: bool


def read_result(folder: Path, changed: bool = False) -> IngestResult:
    """The result that an earlier ingest wrote into ``folder``."""
    facts = _read_json(folder / "manifest.json")
    return IngestResult(
        id=facts["id"],
        folder=folder,
        counts={name: table["rows"] for name, table in facts["tables"].items()},
        rejects={name: table["rejects"] for name, table in facts["tables"].items()},
        repairs={name: table["repairs"] for name, table in facts["tables"].items()},
        findings=read_findings(folder),
        changes=[Change(**change) for change in _read_json(folder / "audit_changes.json")],
        conflicts=facts.get("conflicts", {}),
        late={name: table.get("late", 0) for name, table in facts["tables"].items()},
        absent=facts.get("absent", []),
        changed=changed,
    )


def read_findings(folder: Path) -> list[Finding]:
    """The audit findings that an ingest wrote into ``folder``."""
    found = _read_json(folder / "audit.json")["findings"]
    return [Finding(**{**finding, "examples": tuple(finding["examples"])}) for finding in found]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadArtifact(
            f"{path} cannot be read ({error}): remove its folder and run `coterie ingest` again"
        ) from None
