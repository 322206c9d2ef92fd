"""Where runs and searches are stored, and the lock under which an SQLite database is created."""

import fcntl
import hashlib
import re
import sys
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


def is_folder(url: str) -> bool:
    """Whether it is the path or the file URI of a folder, in which MLflow stored runs before it had databases."""
    return url.startswith("file:") or "://" not in url


def sqlite_path(url: str) -> Path:
    """The database file of an SQLite URL."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0])


def artifacts_beside(url: str) -> Path:
    """The folder with the artifacts of an SQLite database."""
    return sqlite_path(url).resolve().parent / ARTIFACTS


def without_password(url: str) -> str:
    """The address with its password as ``***``.

    >>> without_password("postgresql://me:secret@db/runs")
    'postgresql://me:***@db/runs'
    """
    return re.sub(r"(//[^/@]*?:)[^/]*@", r"\1***@", url)


def is_postgresql(url: str) -> bool:
    return url.partition(":")[0].partition("+")[0] == "postgresql"


@contextmanager
def creation_lock(url: str) -> Iterator[None]:
    """A lock for creating the database at ``url``, because two processes that create it at once crash.

    It locks the file ``<database>.lock`` beside an SQLite database, or an advisory lock of PostgreSQL, until the block
    or the process ends. Of another server nothing is locked: whoever runs it creates the tables.
    """
    if not is_sqlite(url):
        with server_lock(url, "creation"):
            yield
        return
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def server_lock(url: str, name: str) -> Iterator[None]:
    """A lock that one process at a time has on a PostgreSQL server; the others wait, after a word on stderr.

    The server frees it when the process ends, however it ends. For other addresses nothing is locked.
    """
    if not is_postgresql(url):
        yield
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    key = {"key": int.from_bytes(hashlib.sha256(f"coterie {name}".encode()).digest()[:8], "big", signed=True)}
    with engine.connect() as connection:
        if not connection.scalar(sqlalchemy.text("SELECT pg_try_advisory_lock(:key)"), key):
            print(f"coterie: waiting for another process that has the lock on {name}", file=sys.stderr, flush=True)
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), key)
        yield
