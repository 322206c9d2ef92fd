"""``coterie backup``: the workspace as one file, from which ``coterie restore`` makes it again, on any machine.

The file is a tar archive that other programs can read too; its last member, ``backup.json``, has the SHA-256 of all
others. What can be computed again at any time is left out: snapshots and extracts.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from glob import escape
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from experiments.tracking.databases import copy_database
from experiments.tracking.stores import is_sqlite
from features.errors import BadInput, NotFound
from pipelines import extracts, snapshots
from pipelines.workspace import Workspace

FORMAT = 1
MANIFEST = "backup.json"
DATABASES = ("mlflow.db", "optuna.db")
# Another program than `coterie restore` unpacks the manifest of the backup into the workspace too.
LEFT_OUT = (snapshots.KIND, extracts.KIND, "service.log", MANIFEST)
JOURNALS = (".lock", "-journal", "-wal", "-shm")


def back_up(workspace: Workspace, out: Path) -> dict[str, Any]:
    """Write the workspace to the new file ``out`` (mode 0600: it has customers' data and the key of pseudonyms).

    The databases are copied as one consistent state, whoever reads or writes them meanwhile.

    Raises:
        NotFound: the workspace is empty.
        BadInput: ``out`` is there already, or lies in the workspace, where it would outlive a person's erasure.
    """
    check_place(workspace, out)
    files = stored_files(workspace)
    if not files:
        raise NotFound(f"{workspace.home} has nothing to back up: name the workspace with --home")
    with draft_of(out) as folder:
        draft = folder / out.name
        size = write_archive(draft, with_copies(files, folder))
        draft.replace(out)
    elsewhere = stored_elsewhere(workspace)
    note = f"; not in it, back them up where they are: {', '.join(elsewhere)}" if elsewhere else ""
    written = f"wrote {len(files):,} files of {workspace.home} to {out} ({size / 1e6:,.1f} MB)"
    return {
        "backup": str(out),
        "files": len(files),
        "bytes": size,
        "elsewhere": elsewhere,
        "message": f"{written}, which only you can read{note}",
    }


def check_place(workspace: Workspace, out: Path) -> None:
    """BadInput unless ``out`` is a new file in an existing folder outside the workspace."""
    place = out.resolve()
    if workspace.home.resolve() in place.parents:
        raise BadInput(f"{out} lies in the workspace, which is backed up: name a place outside")
    if place.exists():
        raise BadInput(f"{out} is there already: delete it, or name another file")
    if not place.parent.is_dir():
        raise BadInput(f"there is no folder {place.parent}: make it, or name another file")


def stored_files(workspace: Workspace) -> dict[str, Path]:
    """The files to back up by their path in the workspace, in order; nothing hidden, half written or computable."""
    found = {path.relative_to(workspace.home): path for path in workspace.home.rglob("*") if path.is_file()}
    return {name.as_posix(): found[name] for name in sorted(found) if is_stored(name)}


def is_stored(name: Path) -> bool:
    hidden = any(part.startswith(".") for part in name.parts)
    return not hidden and name.parts[0] not in LEFT_OUT and not name.name.endswith(JOURNALS)


def stored_elsewhere(workspace: Workspace) -> list[str]:
    """What the environment has moved out of the workspace."""
    home, places = workspace.home.resolve(), []
    for what, url in (("runs", workspace.tracking_uri), ("searches", workspace.storage_url)):
        if not is_sqlite(url) or not Path(url.removeprefix("sqlite:///")).resolve().is_relative_to(home):
            places.append(what)
    if not workspace.bento_home.resolve().is_relative_to(home):
        places.append("the BentoML store")
    return places


@contextmanager
def draft_of(place: Path) -> Iterator[Path]:
    """A hidden folder beside ``place`` while the block runs; those that killed processes left are deleted."""
    prefix = f".{place.name}.draft-"
    for left in place.parent.glob(f"{escape(prefix)}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place.resolve().parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_copies(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """The files, with a consistent copy in ``folder`` in place of each database."""
    copies = {name: folder / f"copy-of-{name}" for name in DATABASES if name in files}
    for name, copy in copies.items():
        copy_database(files[name].resolve(), copy)
    return {**files, **copies}


def write_archive(path: Path, files: Mapping[str, Path]) -> int:
    """Write the archive and force it to disk; its size in bytes."""
    hashes = {}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w", dereference=True) as archive:
            for name, file in files.items():
                archive.add(file, name, recursive=False)
                hashes[name] = file_sha256(file)
            add_manifest(archive, hashes)
        raw.flush()
        os.fsync(raw.fileno())
        return raw.tell()


def add_manifest(archive: tarfile.TarFile, hashes: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    manifest = {
        "format": FORMAT,
        "coterie": version("coterie"),
        "created_at": now.isoformat(timespec="seconds"),
        "files": hashes,
    }
    content = json.dumps(manifest, indent=1).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mtime, member.mode = len(content), int(now.timestamp()), 0o600
    archive.addfile(member, BytesIO(content))


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
