"""The last ingest, remembered in the workspace so that ``retrain`` can repeat it and ``erase`` finds its raw files.

Folders are written relative to the workspace: who moves both together need not name them again.
"""

import json
import os
from pathlib import Path
from typing import Any

from features.errors import BadArtifact
from pipelines.sources.source import CONFIG_FILE
from pipelines.workspace import Workspace

FILE = "last_ingest.json"


def remember_ingest(workspace: Workspace, source: str, raw: Path | None, pseudonymise: bool | None) -> None:
    """Write down the arguments of an ingest that succeeded, atomically."""
    home = workspace.home
    arguments = {
        "source": _from(home, Path(source)) if (Path(source) / CONFIG_FILE).is_file() else source,
        "raw": _from(home, raw) if raw else "",
        "pseudonymise": pseudonymise,
    }
    draft = home / f".{FILE}-{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(arguments, sort_keys=True, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home / FILE)


def remembered_ingest(workspace: Workspace) -> dict[str, Any] | None:
    """The arguments of the last ingest, with folders as they are reached from here; None if there was none.

    Raises:
        BadArtifact: the file is damaged.
    """
    path = workspace.home / FILE
    if not path.is_file():
        return None
    try:
        arguments: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        folder, raw = workspace.home / arguments["source"], arguments["raw"]
        return {
            "source": os.path.normpath(folder) if (folder / CONFIG_FILE).is_file() else arguments["source"],
            "raw": os.path.normpath(workspace.home / raw) if raw else "",
            "pseudonymise": arguments["pseudonymise"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadArtifact(
            f"{path} cannot be read ({type(error).__name__}): run `coterie ingest SOURCE`, which writes it anew"
        ) from None


def _from(home: Path, folder: Path) -> str:
    return os.path.relpath(folder.resolve(), home.resolve())
