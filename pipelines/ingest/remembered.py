"""The last ingest, remembered in the workspace so that ``retrain`` can repeat it and ``erase`` finds its raw files."""

import json
from pathlib import Path
from typing import Any

from pipelines.workspace import Workspace

FILE = "last_ingest.json"


def remember_ingest(workspace: Workspace, source: str, raw: Path | None, pseudonymise: bool | None) -> None:
    """Write down the arguments of an ingest that succeeded."""
    arguments = {"source": source, "raw": str(raw.resolve()) if raw else "", "pseudonymise": pseudonymise}
    path = workspace.home / FILE
    path.write_text(json.dumps(arguments, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def remembered_ingest(workspace: Workspace) -> dict[str, Any] | None:
    """The arguments of the last ingest; None if there was none."""
    path = workspace.home / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
