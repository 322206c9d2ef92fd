"""Snapshots on disk: the features of all customers at one cutoff, computed once for every study that looks at it.

``snapshots/<tables>-<code>-<entity>-<as_of>/snapshot.parquet``. A panel is made of them, so one that was cut off
goes on where it was, and two studies with the same cutoffs share their features. They can be deleted at any time.
"""

import hashlib
import shutil
from functools import cache
from pathlib import Path

import narwhals as nw
import polars as pl

import features
from features.engines import Tables, to_pandas
from features.entities import Entity, about
from features.snapshot import snapshot_of
from features.windows import Frame, to_datetime
from pipelines.workspace import Workspace

KIND = "snapshots"
FILE = "snapshot.parquet"


def stored_snapshot(home: Workspace, canonical: Path, tables: Tables, as_of: float, entity: Entity) -> Frame:
    """The snapshot at ``as_of``, from disk; computed on the engine of ``tables`` where it is not there yet."""
    name = f"{_family(canonical)}-{entity}-{to_datetime(as_of):%Y%m%dT%H%M%S}"
    folder = home.write_once(KIND, name, lambda draft: _write(draft, about(tables, as_of, entity), as_of))
    frame: Frame = nw.from_native(pl.scan_parquet(folder / FILE))
    return frame


def sweep(home: Workspace, canonical: Path) -> None:
    """Delete snapshots of other tables, or of features as they were written before."""
    for folder in (home.home / KIND).glob("*"):
        if not folder.name.startswith(_family(canonical)):
            shutil.rmtree(folder)


@cache
def features_code() -> str:
    """SHA-256 over the source of the features package: an edited feature is another feature."""
    digest = hashlib.sha256()
    for path in sorted(Path(features.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _family(canonical: Path) -> str:
    return f"{canonical.name}-{features_code()[:8]}"


def _write(folder: Path, tables: Tables, as_of: float) -> None:
    """Sorted by customer, so that equal snapshots are equal bytes on every engine."""
    pl.from_pandas(to_pandas(snapshot_of(tables, as_of))).write_parquet(folder / FILE, statistics=False)
