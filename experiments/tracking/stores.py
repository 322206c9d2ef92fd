"""Where studies and runs are kept, and the lock under which an SQLite store is created."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stores:
    """The MLflow tracking URI, the folder or URI for artifacts, and Optuna's storage URL.

    With ``artifact_root`` None, or behind a tracking server, MLflow chooses the place of artifacts.
    """

    tracking_uri: str
    artifact_root: Path | str | None
    storage_url: str

    @property
    def artifact_uri(self) -> str | None:
        """``artifact_root`` as a URI, None where the tracking server knows better."""
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


@contextmanager
def creation_lock(url: str) -> Iterator[None]:
    """Held while the store at ``url`` is opened: two processes that create one SQLite schema at once crash.

    A file ``<database>.lock`` beside the database; the lock ends with the process that holds it. Servers lock by
    themselves.
    """
    if not is_sqlite(url):
        yield
        return
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
