"""Snapshots on disk: the features of all customers at one cutoff, computed once for every study that looks at it.

``snapshots/<tables>-<code>-<whose><entity>-<as_of>-<part>/snapshot.parquet``, customers in parts that fit into memory;
of everybody known, ``<entity>`` is ``customer-known``.
A dataset is made of them, so a build that was interrupted continues where it stopped, and two studies with the same
cutoffs share their features. They can be deleted at any time.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import narwhals as nw
import polars as pl

import features
from features.engines import Tables, on_polars, open_tables
from features.entities import Entity
from features.executors.many import computed
from features.executors.parts import Parts, parts_of
from features.past import Who
from features.snapshot import snapshots
from features.windows import Frame, to_datetime
from pipelines import extracts
from pipelines.workspace import Workspace

KIND = "snapshots"
FILE = "snapshot.parquet"


@dataclass(frozen=True)
class StoredSnapshot:
    """The snapshot at ``as_of``: one file a part. Nobody is in two of them, and each is sorted by customer_id.

    Read ``parts`` one after the other where everybody has to be looked at: a part is some ten thousand customers, all
    of them together may be more than memory holds. Ranges of ids in different parts may overlap, since all ids of a
    customer and of a company are in the same part.
    """

    as_of: float
    paths: tuple[Path, ...]

    @property
    def frame(self) -> Frame:
        """All rows, lazily."""
        return _read(list(self.paths))

    def parts(self) -> Iterator[Frame]:
        """The rows of one part after the other, lazily."""
        for path in self.paths:
            yield _read([path])


def stored_snapshots(
    workspace: Workspace,
    folder: Path,
    tables: Tables,
    cutoffs: Sequence[float],
    entity: Entity,
    who: Who = "buyers",
) -> list[StoredSnapshot]:
    """The snapshot at each cutoff, in their order, on disk.

    ``folder`` has the ``tables``: canonical ones, or an extract of them. Missing snapshots are computed on the engine
    of ``tables``: one part of the customers after the other, all missing cutoffs in one pass over its rows.
    """
    parts, family = parts_of(tables), family_of(folder)
    whose = entity if who == "buyers" else f"{entity}-{who}"
    stems = {as_of: f"{family}-{whose}-{to_datetime(as_of):%Y%m%dT%H%M%S}" for as_of in cutoffs}
    for part in range(len(parts)):
        names = {as_of: f"{stem}-{part:04d}" for as_of, stem in stems.items()}
        missing = [as_of for as_of, name in names.items() if not (workspace.home / KIND / name).is_dir()]
        if missing:
            own = parts.of(tables, part, _came(workspace, folder, parts, part))
            for as_of, rows in computed(snapshots(own, missing, entity, who)):
                _store(workspace, names[as_of], rows)
    files = {as_of: [f"{stem}-{part:04d}" for part in range(len(parts))] for as_of, stem in stems.items()}
    return [
        StoredSnapshot(as_of, tuple(workspace.home / KIND / name / FILE for name in files[as_of])) for as_of in cutoffs
    ]


def sweep(workspace: Workspace, canonical: Path) -> None:
    """Delete snapshots and extracts of other tables, or of features as they were written before."""
    for kind in (KIND, extracts.KIND):
        for folder in (workspace.home / kind).glob("*"):
            if not folder.name.startswith(family_of(canonical)):
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


def family_of(folder: Path) -> str:
    """Begins the name of everything that is made of the tables in ``folder`` by the features as they are written."""
    return folder.name if folder.parent.name == extracts.KIND else f"{folder.name}-{features_code()[:8]}"


def _came(workspace: Workspace, folder: Path, parts: Parts, part: int) -> Mapping[str, pl.DataFrame]:
    """The rows of the ids that were moved to the part, by table."""
    if len(parts) == 1 or parts.moved.is_empty():
        return {}
    moved = extracts.moved_rows(workspace, folder, family_of(folder), parts.moved_to) / str(part)
    return {name: on_polars(rows) for name, rows in open_tables(moved).items()} if moved.is_dir() else {}


def _store(workspace: Workspace, name: str, rows: pl.DataFrame) -> None:
    """Sorted by customer, so that equal snapshots are equal bytes on every engine."""
    ordered = rows.sort("customer_id").rechunk()
    workspace.write_once(KIND, name, lambda folder: ordered.write_parquet(folder / FILE, statistics=False))


def _read(paths: list[Path]) -> Frame:
    frame: Frame = nw.from_native(pl.scan_parquet(paths))
    return frame
