"""After a workspace was moved, copied or restored: updating the artifact locations that MLflow has stored."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from experiments.tracking.databases import connect
from experiments.tracking.stores import Stores, is_sqlite, sqlite_path

LOCATIONS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
"""MLflow's columns that contain absolute locations of artifacts."""

RECORDED = "SELECT artifact_location FROM experiments WHERE experiment_id = 0"


def follow_the_workspace(stores: Stores) -> None:
    """Update the stored locations if the database and its artifacts are in another folder than recorded.

    The folder is recorded by the default experiment. A database that is not in the same folder as its artifacts may be
    shared by several workspaces and is left alone. The update is one transaction.
    """
    root = stores.artifact_uri
    if root is None or not is_sqlite(stores.tracking_uri) or not root.startswith("file:"):
        return
    path = sqlite_path(stores.tracking_uri).resolve()
    if local_path(root).parent != path.parent:
        return
    with closing(connect(path)) as con:
        if recorded_root(con) not in (root, None):
            con.execute("BEGIN IMMEDIATE")
            move_locations(con, recorded_root(con) or root, root)
            con.execute("COMMIT")


def recorded_root(con: sqlite3.Connection) -> str | None:
    """The artifact root the database was last used with; None if it is unknown or not a local folder."""
    row = con.execute(RECORDED).fetchone()
    if row is None or not row[0].endswith("/0") or not row[0].startswith(("file:///", "/")):
        return None
    return str(row[0]).removesuffix("/0")


def move_locations(con: sqlite3.Connection, old: str, new: str) -> None:
    """Replace the old root in every location below it, whether written as a URI or as a path."""
    for before, after in ((old, new), (str(local_path(old)), str(local_path(new)))):
        for table, columns in LOCATIONS.items():
            for column in columns:
                con.execute(
                    f"UPDATE {table} SET {column} = :after || substr({column}, length(:before) + 1) "
                    f"WHERE substr({column}, 1, length(:before) + 1) = :before || '/'",
                    {"before": before, "after": after},
                )


def local_path(location: str) -> Path:
    return Path(unquote(urlsplit(location).path)) if location.startswith("file:") else Path(location)
