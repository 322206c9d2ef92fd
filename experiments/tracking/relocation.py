"""Absolute locations of artifacts, as earlier versions stored them, become relative to the folder beside the database.

See ``tracking.artifacts`` for what relative ones are good for. MLflow itself stores absolute ones in a database that
``mlflow server`` or a notebook has created.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from experiments.tracking.databases import connect
from experiments.tracking.stores import ARTIFACTS, RELATIVE, artifacts_beside, is_sqlite, sqlite_path

LOCATIONS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
"""MLflow's columns that contain locations of artifacts."""

RECORDED = "SELECT artifact_location FROM experiments WHERE experiment_id = 0"


def make_locations_relative(tracking_uri: str) -> None:
    """Rewrite the absolute locations in an SQLite database if their artifacts are in the folder beside it.

    The default experiment records the folder they were in when they were written; the workspace may have moved since.
    Locations in other folders stay as they are, and so does everything if the database cannot be written. The update
    is one transaction.
    """
    if not is_sqlite(tracking_uri):
        return
    path, beside = sqlite_path(tracking_uri).resolve(), artifacts_beside(tracking_uri)
    with closing(connect(path)) as con:
        recorded = recorded_folder(con)
        if recorded is None or not (recorded == beside or (recorded.name == ARTIFACTS and beside.is_dir())):
            return
        try:
            con.execute("BEGIN IMMEDIATE")
            replace_folder(con, recorded)
            con.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
                raise


def recorded_folder(con: sqlite3.Connection) -> Path | None:
    """The folder that contained the artifacts when the database was created; None if locations are relative."""
    row = con.execute(RECORDED).fetchone()
    if row is None or not row[0].endswith("/0") or not row[0].startswith(("file:///", "/")):
        return None
    return local_path(row[0]).parent


def replace_folder(con: sqlite3.Connection, folder: Path) -> None:
    """Make every location below ``folder`` relative to it, whether written as a URI or as a path."""
    for before in (folder.as_uri(), str(folder)):
        for table, columns in LOCATIONS.items():
            for column in columns:
                con.execute(
                    f"UPDATE {table} SET {column} = :after || substr({column}, length(:before) + 1) "
                    f"WHERE substr({column}, 1, length(:before) + 1) = :before || '/'",
                    {"before": before, "after": RELATIVE},
                )


def local_path(location: str) -> Path:
    return Path(unquote(urlsplit(location).path)) if location.startswith("file:") else Path(location)
