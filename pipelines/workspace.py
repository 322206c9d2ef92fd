"""The workspace: one folder for canonical tables, datasets, scores, bundles, the user's studies and two databases.

Every step publishes the same way (law 5): it writes a new folder, then one pointer file moves to it atomically.
A crash before the move leaves the last good state; the next run deletes what was half written.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.tracking.stores import ARTIFACTS, Stores, is_folder, is_sqlite, without_password
from features.errors import BadInput, Busy, NotFound

POINTER = "CURRENT"
ODD_IN_ADDRESS = re.compile(r"[?]|%[0-9a-fA-F]{2}")
"""What the address of an SQLite database would mean in another way than the path of its file."""
TEMPORARY = "TMPDIR"
"""The variable of the environment by which a process finds the folder for its temporary files."""
STEP_THAT_MAKES = {
    "canonical": "ingest",
    "scores": "score",
    "bundles": "publish",
}


@dataclass(frozen=True)
class Workspace:
    """Paths and publications below one home folder; nothing is created until something is written."""

    home: Path

    @property
    def tracking_uri(self) -> str:
        """``$MLFLOW_TRACKING_URI``, else SQLite inside the workspace.

        ``mlflow run`` sets the variable for its command, to a file in the working directory unless the user has named
        a server: nobody asked to train into that file.
        """
        given = os.environ.get("MLFLOW_TRACKING_URI", "")
        by_mlflow_run = "MLFLOW_RUN_ID" in os.environ and (is_sqlite(given) or is_folder(given))
        return given if given and not by_mlflow_run else f"sqlite:///{self.home.resolve() / 'mlflow.db'}"

    @property
    def tracking_address(self) -> str:
        """The tracking URI as it may be shown: without a password."""
        return without_password(self.tracking_uri)

    @property
    def artifact_root(self) -> str:
        """``$MLFLOW_DEFAULT_ARTIFACT_ROOT``, else inside the workspace: where a database server's artifacts lie."""
        return os.environ.get("MLFLOW_DEFAULT_ARTIFACT_ROOT") or str(self.home.resolve() / ARTIFACTS)

    @property
    def storage_url(self) -> str:
        """``$OPTUNA_STORAGE``, else SQLite inside the workspace."""
        return os.environ.get("OPTUNA_STORAGE") or f"sqlite:///{self.home.resolve() / 'optuna.db'}"

    @property
    def stores(self) -> Stores:
        """Where runs, their artifacts and the searches are stored; BadInput if the home is a file."""
        self.check_home()
        return Stores(self.tracking_uri, self.artifact_root, self.storage_url)

    @property
    def bento_home(self) -> Path:
        """``$BENTOML_HOME``, else inside the workspace."""
        return Path(os.environ.get("BENTOML_HOME") or self.home.resolve() / "bentoml")

    @property
    def scratch(self) -> Path:
        """Temporary files of the one writer, which may contain anything of the raw data; swept by the next."""
        return self.home / ".scratch"

    def publish(self, kind: str, name: str, write: Callable[[Path], None]) -> Path:
        """Write ``<home>/<kind>/<name>`` by calling ``write(folder)``, then make it the current one.

        A folder of that name is complete by construction, so it is not written again; only the pointer moves.
        """
        target = self.write_once(kind, name, write)
        self.point(kind, name)
        return target

    def write_once(self, kind: str, name: str, write: Callable[[Path], None]) -> Path:
        """Like :meth:`publish`, without moving the pointer: for folders found by their name."""
        root = self.home / kind
        target = root / name
        if target.is_dir():
            return target
        draft = root / f".draft-{name}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            write(draft)
            _flush(draft)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return target

    def publish_by_content(self, kind: str, write: Callable[[Path], str]) -> Path:
        """Like :meth:`publish`, for a folder whose name is the hash that ``write(folder)`` returns."""
        target = self.write_by_content(kind, write)
        self.point(kind, target.name)
        return target

    def write_by_content(self, kind: str, write: Callable[[Path], str]) -> Path:
        """Like :meth:`publish_by_content`, without moving the pointer."""
        root = self.home / kind
        draft = root / ".draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            name = write(draft)
            _flush(draft)
            if not (root / name).is_dir():
                draft.rename(root / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return root / name

    def point(self, kind: str, name: str) -> None:
        """Move the pointer of ``kind`` to ``name``, atomically."""
        pointer = self.home / kind / POINTER
        draft = pointer.with_name(f".{POINTER}-{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(pointer)

    def published(self, kind: str) -> list[Path]:
        """Every complete folder of ``kind``, by name."""
        root = self.home / kind
        return sorted(path for path in root.glob("[!.]*") if path.is_dir()) if root.is_dir() else []

    def discard(self, folder: Path) -> None:
        """Delete a published folder; a crash half-way leaves no part of it under a good name."""
        trash = folder.with_name(f".draft-discarded-{folder.name}")
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash)

    def sweep(self) -> None:
        """Delete what killed runs left half written; only for the one writer."""
        for pattern in ("*/.draft*", "staging/*/.*", ".*.json-*", f"{self.scratch.name}/*"):
            for left in self.home.glob(pattern):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def current(self, kind: str) -> Path | None:
        """The folder the pointer of ``kind`` names; None if nothing was published yet."""
        pointer = self.home / kind / POINTER
        if not pointer.is_file():
            return None
        return self.home / kind / pointer.read_text(encoding="utf-8").strip()

    def require(self, kind: str) -> Path:
        """The current folder of ``kind``.

        Raises:
            NotFound: nothing of this kind was published yet; names the command that makes it.
        """
        self.check_home()
        folder = self.current(kind)
        if folder is None or not folder.is_dir():
            step = STEP_THAT_MAKES.get(kind, kind)
            raise NotFound(f"{self.home} has no {kind} yet: run `coterie {step}` first, or name another --home")
        return folder

    def check_home(self) -> None:
        """BadInput if the home is a file, or below one, or if no database could be found in it by its address."""
        if odd := ODD_IN_ADDRESS.search(str(self.home.resolve())):
            raise BadInput(f"{self.home} has {odd[0]} in its path, where databases cannot be: name another --home")
        for place in (self.home, *self.home.parents):
            if place.exists() and not place.is_dir():
                raise BadInput(f"{place} is a file, the workspace is a folder: name another --home, or move it away")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one writer of the workspace; the system frees the lock when the process ends, however it ends.

        What a killed writer left is swept, and the temporary files of this process and of its workers lie in the
        workspace meanwhile, so that the next writer finds them, whichever library made them.

        Raises:
            Busy: another process has the lock.
        """
        self.check_home()
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "writer.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    f"another coterie command is writing to {self.home}: wait until it ends, or use another --home"
                ) from None
            self.sweep()
            with self._temporary_files():
                yield

    @contextlib.contextmanager
    def _temporary_files(self) -> Iterator[None]:
        """Let ``tempfile`` of this process, and of those it starts, use the workspace."""
        folder, before, given = self.scratch.resolve(), tempfile.tempdir, os.environ.get(TEMPORARY)
        folder.mkdir(exist_ok=True)
        tempfile.tempdir = os.environ[TEMPORARY] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before
            os.environ.pop(TEMPORARY)
            os.environ.update({} if given is None else {TEMPORARY: given})
            shutil.rmtree(folder, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Force every file below ``folder`` to disk, so that the rename never outruns the data."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
