"""The scratch database of an ingest: its schemas are the interfaces between sources, audit, privacy and cleaning.

It lies on disk, so that raw data larger than memory pass through it, and is deleted when the ingest ends. What looks at
raw data without a workspace has a folder of its own (:func:`passing_folder`).
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb

from features.errors import BadInput
from pipelines.sql import connect, quoted

SCHEMAS = {
    "raw": "a view an alias of source.toml, over all of its files",
    "refused": "`lines`: text of raw files that is no row, with the reason, file and line (sources.text)",
    "guessed": "`encodings`: text files read in an encoding that nobody declared, by table (sources.guessed)",
    "one_file": "the same views over one file each, to stage file by file",
    "staged": "a table a SELECT: what it returned beside canonical types, with reasons for rejection (sources.stage)",
    "standing": "a view a staged table with corrections, as the audit reads it: what was replaced (ingest.corrections)",
    "statistics": "`now` and `before`: figures on every staged column at this ingest and the one before (audit)",
    "clean": "a table a canonical table, with the rows that are stored (ingest.cleaning)",
    "rejects": "a table a canonical table, with the rejected rows as they were returned (ingest.cleaning)",
    "coverage": "who has which values, and what those values tell about behaviour (audit)",
}
"""What each schema contains; ``main`` is for tables that one function makes and drops."""
GUESSED = "table_name VARCHAR, raw_file VARCHAR, encoding VARCHAR"
"""Columns of ``guessed.encodings``."""


@contextmanager
def scratch_database(folder: Path, timezone: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database in ``folder`` with all schemas; local times are read in ``timezone``."""
    with connect(str(folder / "ingest.duckdb"), timezone) as con:
        con.execute(f"SET temp_directory = {quoted(str(folder / 'spill'))}")
        # The audit reads the staged files some hundred times.
        con.execute("SET parquet_metadata_cache = true")
        create_schemas(con)
        yield con


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A temporary folder in ``root`` for the database and for parts that are not yet complete.

    It contains raw data, so ``root`` lies in the workspace, whose next writer deletes what a killed ingest left. An
    ingest that fails leaves no folder that was not there before.
    """
    made = [folder for folder in (root, root.parent) if not folder.exists()]
    root.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ingest-", dir=root) as folder:
            yield Path(folder)
    finally:
        for each in made:
            with suppress(OSError):  # it is in use meanwhile
                each.rmdir()


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A temporary folder for what only looks at raw data and has no workspace.

    It may contain copies of them, so nobody else can read it, and what a killed command left is deleted first.
    """
    with _own_corner() as corner:
        folder = Path(tempfile.mkdtemp(dir=corner))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep_passing_folders() -> None:
    """Delete the temporary folders of commands that were killed; somebody else's are none of ours."""
    with suppress(BadInput), _own_corner():
        pass


@contextmanager
def _own_corner() -> Iterator[Path]:
    """The folder of this user's temporary folders, locked, after those without a living process were deleted."""
    corner = Path(tempfile.gettempdir()) / f"coterie-{os.getuid()}"
    corner.mkdir(mode=0o700, exist_ok=True)
    if corner.is_symlink() or corner.stat().st_uid != os.getuid():
        raise BadInput(f"{corner} belongs to somebody else: set TMPDIR to a folder of your own")
    with (corner / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for folder in corner.glob("[!.]*"):
            if not _is_locked(folder):
                shutil.rmtree(folder, ignore_errors=True)
        yield corner


def _is_locked(folder: Path) -> bool:
    """Whether a living process works in the folder: the system frees the lock of any other."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # its process has just deleted it
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def create_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Make every schema that is not there yet, and the table that each rule of the audit may read."""
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    con.execute(f"CREATE TABLE IF NOT EXISTS guessed.encodings ({GUESSED})")


def set_present(con: duckdb.DuckDBPyConnection, present: datetime) -> None:
    """Rows at or after ``present`` (UTC) are in the future; SQL reads it as ``getvariable('present')``."""
    con.execute("SET VARIABLE present = ?", [present])
