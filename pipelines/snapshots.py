"""Snapshots on disk: the features of all customers at one cutoff, computed once for every study that looks at it.

``snapshots/<tables>-<code>-<entity>-<as_of>-<part>/snapshot.parquet``, customers in parts that fit into memory. A
dataset is made of them, so a build that was interrupted continues where it stopped, and two studies with the same
cutoffs share their features. They can be deleted at any time.
"""

import hashlib
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import narwhals as nw
import polars as pl

import features
from features.engines import Tables
from features.entities import Entity
from features.executors.many import computed
from features.executors.parts import parts_of
from features.snapshot import snapshots
from features.windows import Frame, to_datetime
from pipelines.workspace import Workspace

KIND = "snapshots"
FILE = "snapshot.parquet"


def stored_snapshots(
    workspace: Workspace, canonical: Path, tables: Tables, cutoffs: Sequence[float], entity: Entity
) -> list[Frame]:
    """The snapshot at each cutoff, in their order, from disk.

    Missing ones are computed on the engine of ``tables``: one part of the customers after the other, all missing
    cutoffs in one pass over its rows.
    """
    parts = parts_of(tables)
    stems = [f"{_family(canonical)}-{entity}-{to_datetime(as_of):%Y%m%dT%H%M%S}" for as_of in cutoffs]
    for part in range(len(parts)):
        names = {as_of: f"{stem}-{part:04d}" for as_of, stem in zip(cutoffs, stems, strict=True)}
        missing = [as_of for as_of, name in names.items() if not (workspace.home / KIND / name).is_dir()]
        if missing:
            for as_of, rows in computed(snapshots(parts.of(tables, part), missing, entity)):
                _store(workspace, names[as_of], rows)
    return [
        _read([workspace.home / KIND / f"{stem}-{part:04d}" / FILE for part in range(len(parts))]) for stem in stems
    ]


def sweep(workspace: Workspace, canonical: Path) -> None:
    """Delete snapshots of other tables, or of features as they were written before."""
    for folder in (workspace.home / KIND).glob("*"):
        if not folder.name.startswith(_family(canonical)):
            shutil.rmtree(folder)


def features_code() -> str:
    """SHA-256 over the source of the features package: an edited feature has other snapshots."""
    return code_of(features)


@cache
def code_of(package: ModuleType) -> str:
    """SHA-256 over the source of a package."""
    digest = hashlib.sha256()
    for folder in package.__path__:
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _family(canonical: Path) -> str:
    return f"{canonical.name}-{features_code()[:8]}"


def _store(workspace: Workspace, name: str, rows: pl.DataFrame) -> None:
    """Sorted by customer, so that equal snapshots are equal bytes on every engine."""
    ordered = rows.sort("customer_id").rechunk()
    workspace.write_once(KIND, name, lambda folder: ordered.write_parquet(folder / FILE, statistics=False))


def _read(paths: list[Path]) -> Frame:
    frame: Frame = nw.from_native(pl.scan_parquet(paths))
    return frame
