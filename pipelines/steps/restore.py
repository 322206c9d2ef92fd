"""``coterie restore``: a workspace from the file that ``coterie backup`` wrote, where there is none yet."""

import json
import tarfile
from pathlib import Path
from typing import Any

from features.errors import BadArtifact, BadInput, NotFound
from pipelines.steps.backup import FORMAT, MANIFEST, draft_of, file_sha256
from pipelines.workspace import Workspace


def restore(workspace: Workspace, backup: Path) -> dict[str, Any]:
    """Make the workspace from ``backup``. It appears only when every file in it is the one that was backed up.

    Raises:
        NotFound: there is no such file.
        BadInput: the workspace contains something already.
        BadArtifact: the file is no backup, is cut short or was changed.
    """
    workspace.check_home()
    home = workspace.home
    if not backup.is_file():
        raise NotFound(f"there is no file {backup}: name one that `coterie backup` wrote")
    if home.is_dir() and any(home.iterdir()):
        raise BadInput(f"{home} is there already: move it away, or name another --home")
    home.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(home) as folder:
        draft = folder / "workspace"
        manifest = unpack(backup, draft)
        if home.is_dir():
            home.rmdir()
        draft.rename(home)
    created = manifest["created_at"]
    return {
        "home": str(home),
        "files": len(manifest["files"]),
        "created_at": created,
        "message": f"restored {len(manifest['files']):,} files to {home}, as they were at {created}; "
        "whoever was erased later is in it again: erase them again",
    }


def unpack(backup: Path, folder: Path) -> dict[str, Any]:
    """Unpack into the new ``folder`` and return the manifest; BadArtifact unless every file has its hash."""
    try:
        with tarfile.open(backup) as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        expected = dict(manifest["files"])
    except (tarfile.TarError, EOFError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise BadArtifact(
            f"{backup} is no complete backup ({type(error).__name__}): take another, or copy it again"
        ) from None
    (folder / MANIFEST).unlink()
    if manifest.get("format") != FORMAT:
        raise BadArtifact(f"{backup} has format {manifest.get('format')}, this version reads {FORMAT}: upgrade coterie")
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted({*expected, *found}):
        if name not in expected or name not in found or file_sha256(found[name]) != expected[name]:
            raise BadArtifact(f"{name} in {backup} is not what was backed up: take another backup, or copy it again")
    return manifest
