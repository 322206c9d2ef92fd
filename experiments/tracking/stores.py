"""Where runs and searches are stored, and the lock under which an SQLite database is created."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RELATIVE = "mlflow-artifacts:"
"""Begins locations below the folder of artifacts, wherever that is; see ``tracking.artifacts``."""

ARTIFACTS = "mlartifacts"
"""The folder of artifacts beside an SQLite database."""


@dataclass(frozen=True)
class Stores:
    """The MLflow tracking URI, the folder or URI for artifacts, and Optuna's storage URL.

    ``artifact_root`` is for a database server, which lies beside no folder. The artifacts of an SQLite database lie
    beside it; an MLflow server, or a database server without ``artifact_root``, chooses their location itself.
    """

    tracking_uri: str
    artifact_root: Path | str | None
    storage_url: str

    @property
    def artifact_uri(self) -> str | None:
        """Where artifacts are stored, as a URI; None if MLflow chooses the location."""
        if is_sqlite(self.tracking_uri):
            return RELATIVE
        if self.artifact_root is None or self.tracking_uri.startswith(("http://", "https://")):
            return None
        if "://" in str(self.artifact_root):
            return str(self.artifact_root).rstrip("/")
        return Path(self.artifact_root).resolve().as_uri()


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:///")


def sqlite_path(url: str) -> Path:
    """The database file of an SQLite URL."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0])


def artifacts_beside(url: str) -> Path:
    """The folder with the artifacts of an SQLite database."""
    return sqlite_path(url).resolve().parent / ARTIFACTS


@contextmanager
def creation_lock(url: str) -> Iterator[None]:
    """A lock for creating the SQLite database at ``url``, because two processes that create it at once crash.

    It locks the file ``<database>.lock`` beside the database, until the block or the process ends. For a server's URL
    it does nothing.
    """
    if not is_sqlite(url):
        yield
        return
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
