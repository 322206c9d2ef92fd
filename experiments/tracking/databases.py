"""SQLite databases that appear only when complete: created or migrated in a draft, which is then renamed.

A killed process leaves at most a draft, a hidden folder beside the database, which the next process deletes.
docs/decisions/databases.md explains why.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from glob import escape
from pathlib import Path

from experiments.tracking.stores import creation_lock, is_sqlite, sqlite_path
from features.errors import BadDatabase, Busy, CoterieError

WAIT_SECONDS = 30
"""How long another process may write before the database counts as busy."""

ROWS_OF_A_NEW_DATABASE = {
    "alembic_version": "true",
    "version_info": "true",
    "workspaces": "name = 'default'",
    "experiments": "experiment_id = 0",
}
"""The rows that MLflow and Optuna add on creation, as conditions; a database with no others has nothing to lose."""

FAULTS = {
    "SQLITE_FULL": "the disk is full: nothing was lost, make room and run again",
    "SQLITE_NOTADB": "it is not an SQLite database: move it away or name another --home",
    "SQLITE_CORRUPT": "the database is damaged: restore it from a backup, or move it away to start anew",
    "SQLITE_READONLY": "it cannot be written: allow writing to it and its folder, or name another --home",
    "SQLITE_CANTOPEN": "it cannot be opened: allow writing to it and its folder, or name another --home",
}
"""SQLite errors in words; others are quoted."""


@dataclass(frozen=True)
class Schema:
    """A library's tables: its folder of Alembic migrations, and how to create and migrate them in a database file."""

    library: str
    migrations: Path
    create: Callable[[Path], None]
    migrate: Callable[[Path], None]

    @property
    def revisions(self) -> tuple[str, ...]:
        """Every revision that the installed library knows, the current one first."""
        return known_revisions(self.migrations)


@cache
def known_revisions(migrations: Path) -> tuple[str, ...]:
    from alembic.script import ScriptDirectory

    return tuple(script.revision for script in ScriptDirectory(str(migrations)).walk_revisions())


def prepare(url: str, schema: Schema) -> None:
    """Create the SQLite database at ``url``, or migrate it to the library's schema; a current one is left alone.

    Nothing is done for a server's URL: whoever runs the server migrates it.

    Raises:
        BadDatabase: the schema is newer than the library, the file is damaged, or the disk is full or read-only.
        Busy: another process is writing to the database.
    """
    if not is_sqlite(url):
        return
    path = sqlite_path(url).resolve()
    with errors_in_words(path, schema):
        if revision(path) == schema.revisions[0] and not drafts(path):
            return
        with creation_lock(url):
            sweep(path)
            if revision(path) != schema.revisions[0]:
                create_or_migrate(path, schema)


def create_or_migrate(path: Path, schema: Schema) -> None:
    """Put a database with the current schema at ``path``; rows of an existing one are migrated."""
    if not path.exists():
        with draft(path) as new:
            schema.create(new)
            remove_journals(path)
        return
    with no_writer(path):
        found = revision(path)
        check_known(path, found, schema)
        with draft(path) as new:
            if has_content(path):
                copy_database(path, new)
                schema.migrate(new)
            else:
                # A database without rows and without the current schema is left from a creation that was killed.
                schema.create(new)
            back_up(path, found)


def check_known(path: Path, found: str | None, schema: Schema) -> None:
    """BadDatabase if the revision ``found`` is unknown, or missing from a database with rows."""
    if found is not None and found not in schema.revisions:
        raise BadDatabase(
            f"{path} has schema {found}, which the installed {schema.library} does not know: a newer version wrote "
            f"it, so upgrade {schema.library}, or restore an older backup"
        )
    if found is None and has_content(path):
        raise BadDatabase(
            f"{path} contains rows, but its creation by {schema.library} was never finished: "
            "restore it from a backup, or move it away to start anew"
        )


def back_up(path: Path, found: str | None) -> None:
    """Copy the database to ``<name>.backup-<revision>``, or a numbered name where that exists, if it has any table."""
    with closing(connect(path)) as con:
        if not tables(con):
            return
    first = path.with_name(f"{path.name}.backup-{found or 'unfinished'}")
    copy, number = first, 1
    while copy.exists():
        number += 1
        copy = first.with_name(f"{first.name}-{number}")
    with draft(copy) as new:
        copy_database(path, new)


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """A new database file that replaces ``path`` when the block ends without an error.

    It is in a folder of its own, so that its journals cannot be mistaken for those of the database.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.draft-", dir=path.parent))
    try:
        new = folder / path.name
        yield new
        flush(new)
        new.replace(path)
        flush(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drafts(path: Path) -> list[Path]:
    """The drafts of ``path`` and its backups, from killed processes or from one at work."""
    return list(path.parent.glob(f".{escape(path.name)}*.draft-*"))


def sweep(path: Path) -> None:
    """Delete the drafts; call it only under the creation lock."""
    for folder in drafts(path):
        shutil.rmtree(folder)


def remove_journals(path: Path) -> None:
    """Delete the journals of a deleted database: SQLite would apply them to the new one."""
    for suffix in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Force a file, or the entries of a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; a missing file is an error."""
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS, isolation_level=None)


@contextmanager
def no_writer(path: Path) -> Iterator[None]:
    """Prevent other processes from writing; SQLite first rolls back what a killed process left half-written.

    After the rename, a process that has the old file open cannot write either: SQLite notices that the file has moved.
    """
    with closing(connect(path)) as con:
        con.execute("PRAGMA journal_mode = DELETE")
        con.execute("BEGIN IMMEDIATE")
        yield


def copy_database(path: Path, to: Path) -> None:
    """Copy a database into a new file with the same permissions, in a way that is safe while others read it."""
    with closing(connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    shutil.copymode(path, to)


def tables(con: sqlite3.Connection) -> list[str]:
    """Names of the tables, without SQLite's own."""
    names = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [name for name in names if not name.startswith("sqlite_")]


def revision(path: Path) -> str | None:
    """The Alembic revision of a database; None if there is no file, or its creation was not finished."""
    if not path.exists():
        return None
    with closing(connect(path)) as con:
        if "alembic_version" not in tables(con):
            return None
        row = con.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def has_content(path: Path) -> bool:
    """Whether a database has any row that MLflow or Optuna did not put there on creation."""
    with closing(connect(path)) as con:
        return any(has_rows(con, name) for name in tables(con))


def has_rows(con: sqlite3.Connection, table: str) -> bool:
    expected = ROWS_OF_A_NEW_DATABASE.get(table.removeprefix("_alembic_tmp_"), "false")
    return con.execute(f'SELECT 1 FROM "{table}" WHERE NOT ({expected}) LIMIT 1').fetchone() is not None


@contextmanager
def errors_in_words(path: Path, schema: Schema) -> Iterator[None]:
    """Turn errors of SQLite or the file system, however wrapped by the library, into a sentence for the user."""
    try:
        yield
    except CoterieError:
        raise
    except Exception as error:
        cause = first_cause(error)
        if cause is None:
            raise
        raise fault(path, schema, cause) from error


def first_cause(error: BaseException | None) -> sqlite3.Error | OSError | None:
    """The SQLite or system error behind an exception, if there is one."""
    while error is not None:
        if isinstance(error, sqlite3.Error | OSError):
            return error
        error = error.__cause__ or error.__context__
    return None


def fault(path: Path, schema: Schema, cause: sqlite3.Error | OSError) -> CoterieError:
    """The error for the user: what happened to the database and what to do."""
    if isinstance(cause, OSError):
        return BadDatabase(
            f"{path} cannot be created or migrated, {cause.strerror}: nothing was lost, solve this and run again"
        )
    name = str(vars(cause).get("sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(f"another process is writing to {path}: wait until it ends, or stop it, and run again")
    for code, meaning in FAULTS.items():
        if name.startswith(code):
            return BadDatabase(f"{path}: {meaning}")
    return BadDatabase(
        f"{schema.library} cannot create or migrate {path} ({cause}): it was left as it is; "
        "run again, restore it from a backup, or move it away to start anew"
    )
