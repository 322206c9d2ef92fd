"""A dataset on disk: rows in Parquet, the matrix of features as a memory map, and a manifest with the fingerprint.

``rows.parquet`` has customer_id, as_of, the label (none for segments), text features and texts for rankings.
``products.parquet``, the catalogue, is there for rankings. ``features.npy`` is (k, n)
float64, so that each feature of all rows is contiguous and processes that map it share its pages.
``everybody.parquet`` has customer_id, as_of and a few features of all buyers, eligible or not: for models that describe
all of them.
"""

import hashlib
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import BadArtifact, BadInput, NotFound
from features.families import is_text
from features.indicators import indicator_names, split, with_indicators
from features.item_history import COLUMN as ITEM_HISTORY
from models.question import Question
from models.sample import Floats, Sample, floats
from models.targets import target
from models.tasks import NEXT_ITEMS

FORMAT = 3
ROWS = "rows.parquet"
FEATURES = "features.npy"
EVERYBODY = "everybody.parquet"
MANIFEST = "manifest.json"
PRODUCTS = "products.parquet"
PANEL = "panel.parquet"
"""All columns in one file: the formats before 3, which are exported and erased from, but not learned from any more."""
FORMAT_0_2 = 1
PANEL_FORMATS = (FORMAT_0_2, 2)


WHOLE_TEXTS = (ITEM_HISTORY, NEXT_ITEMS)
"""Columns that rankings read as they are; no indicators are made of them."""
NO_ROW = (
    "the dataset has no row, no customer was eligible at any cutoff: look in the audit for a stray late order or a "
    "long gap, then correct the source, load more history or lower cutoffs.min_history_days"
)


@dataclass(frozen=True)
class Dataset:
    """Customers at cutoffs: ``frame`` has customer_id, as_of, label (none for segments), text and features.

    ``features`` are the columns a model can read: float64 with NaN for null, text as indicators; of a dataset on disk
    they are views of the map. Rows are sorted by (as_of, customer_id); as_of is in days since 1970-01-01 UTC.
    ``fingerprint`` is made of the files' SHA-256, in hex. ``question`` is None where there is no label. ``facts``
    describe the origin; ``products`` [product_id, name, category] are there for rankings. A dataset that was read from
    a folder is pickled as this folder.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    question: Question | None
    fingerprint: str
    facts: Mapping[str, Any]
    products: pd.DataFrame | None = None
    folder: Path | None = field(default=None, init=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """As its folder, whose files are mapped again, or else with all its content."""
        if self.folder is not None:
            return mapped_again, (self.folder, self.fingerprint)
        return Dataset, tuple(getattr(self, each.name) for each in fields(self) if each.init)

    @property
    def as_of(self) -> NDArray[np.float64]:
        """The cutoff of each row of ``frame``, in days since 1970-01-01 UTC."""
        return self.frame["as_of"].to_numpy(dtype=np.float64)

    @cached_property
    def everybody(self) -> pd.DataFrame | None:
        """customer_id, as_of and a few features of all buyers at each cutoff; None if the dataset has none."""
        path = None if self.folder is None else self.folder / EVERYBODY
        return pq.read_table(path).to_pandas() if path is not None and path.is_file() else None

    @property
    def currency(self) -> str:
        """The shop's currency; empty where the dataset does not state it."""
        return str(self.facts.get("currency") or "")

    @property
    def cutoffs(self) -> list[float]:
        """The distinct cutoffs, oldest first."""
        return [float(c) for c in np.unique(self.as_of)]

    @property
    def columns(self) -> list[str]:
        """The features as they were computed, which ``write_dataset`` takes: text instead of its indicators."""
        text = [str(name) for name in self.frame.columns if is_text(str(name)) or name in WHOLE_TEXTS]
        return list(dict.fromkeys((*(split(name)[0] for name in self.features), *text)))

    @property
    def dated(self) -> tuple[str, ...]:
        """The features that a prediction may read: not those of attributes of which nobody knows since when they are
        true."""
        undated = set(self.facts.get("undated", ()))
        return tuple(name for name in self.features if split(name)[0] not in undated)

    @property
    def inputs(self) -> pd.DataFrame:
        """All features, with the rows of ``frame``."""
        return floats(self.frame, self.features)

    def sample(self, columns: Sequence[str]) -> Sample:
        """All rows with the features ``columns`` and their labels, for a learner."""
        assert self.question is not None, "only a labelled dataset has a sample"
        label = self.frame["label"].to_numpy(dtype=np.float64)
        y = target(self.question.target).labels(label, self.question)
        return Sample(self.read(columns), y, self.as_of, self.question, everybody=self.everybody)

    def read(self, columns: Sequence[str]) -> pd.DataFrame:
        """These columns, one row a row of ``frame``; indicators of levels that have become rare are made for it."""
        if missing := self.lacks(columns):
            raise BadInput(f"the dataset has no column {', '.join(missing[:5])}: train on a dataset of this source")
        return floats(with_indicators(self.frame, columns), columns)

    def lacks(self, columns: Sequence[str]) -> list[str]:
        """Those of the columns that can neither be read nor be made of a text feature."""
        there = set(self.frame.columns)
        return [name for name in columns if not {name, split(name)[0]} & there]


def write_dataset(
    folder: Path,
    dated: Iterable[pd.DataFrame],
    features: Sequence[str],
    question: Question | None,
    facts: Mapping[str, Any],
    everybody: Iterable[pd.DataFrame] = (),
    products: pd.DataFrame | None = None,
) -> Dataset:
    """Write the rows of all frames into an existing or new folder and return what was written.

    Each frame has the rows of one cutoff, or of several, all after those of the frame before; one of them is in memory
    at a time. ``features`` are their columns; indicators of text are added. ``everybody`` are customer_id, as_of and
    some features of all buyers, read after the others. Equal rows give equal bytes, whatever their order in a frame.
    BadInput if a column is missing, a frame is out of order or there is no row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = ["customer_id", "as_of"] + (["label"] if question else [])
    whole = [name for name in features if name in WHOLE_TEXTS]
    features = [name for name in features if name not in whole]
    text = sorted(name for name in features if is_text(name))
    numbers = [name for name in features if name not in text]
    with tempfile.TemporaryDirectory(prefix="spool-", dir=folder) as scratch:
        found: list[pd.DataFrame] = []
        spooled: list[tuple[Path, int]] = []
        for frame in in_order(dated, [*keys, *features, *whole]):
            order = sorted_rows(frame)
            found.append(frame[[*keys, *text, *whole]].take(order).astype(dict.fromkeys(keys[1:], np.float64)))
            spooled.append(spool(frame, order, numbers, Path(scratch) / f"{len(spooled):05d}"))
        if not found:
            raise BadInput(NO_ROW)
        rows = pd.concat(found, ignore_index=True)
        names = indicator_names(rows, features)
        lay_out(folder / FEATURES, names, rows, spooled, numbers)
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None).combine_chunks()
    pq.write_table(table, folder / ROWS, compression="zstd")
    if buyers := list(everybody):
        sorted_ = pd.concat(buyers, ignore_index=True).sort_values(["as_of", "customer_id"], kind="stable")
        pq.write_table(pa.Table.from_pandas(sorted_, preserve_index=False), folder / EVERYBODY, compression="zstd")
    if products is not None:
        pq.write_table(pa.Table.from_pandas(products, preserve_index=False), folder / PRODUCTS, compression="zstd")
    manifest = {
        "format": FORMAT,
        "fingerprint": fingerprint_of(folder),
        "rows": len(rows),
        "features": list(names),
        "question": asdict(question) if question else None,
        "facts": dict(facts),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return open_dataset(folder)


def in_order(dated: Iterable[pd.DataFrame], columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The frames that have rows; BadInput if one lacks a column or is not after the frame before it."""
    last = -np.inf
    for frame in dated:
        require_columns(frame, columns)
        if len(frame) == 0:
            continue
        if not frame["as_of"].min() > last:
            raise BadInput(
                f"rows at {frame['as_of'].min():g} come after rows at {last:g}: give the oldest cutoff first"
            )
        last = float(frame["as_of"].max())
        yield frame


def sorted_rows(frame: pd.DataFrame) -> NDArray[np.intp]:
    """Positions of the rows, in the order of (as_of, customer_id)."""
    keys = frame[["as_of", "customer_id"]].reset_index(drop=True)
    return keys.sort_values(["as_of", "customer_id"], kind="stable").index.to_numpy()


def spool(frame: pd.DataFrame, order: NDArray[np.intp], numbers: Sequence[str], path: Path) -> tuple[Path, int]:
    """Write the columns to ``path`` as float64, one after the other; the path and the number of rows."""
    with path.open("wb") as file:
        for name in numbers:
            frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[order].tofile(file)
    return path, len(frame)


def lay_out(
    path: Path, names: Sequence[str], rows: pd.DataFrame, spooled: Sequence[tuple[Path, int]], numbers: Sequence[str]
) -> None:
    """Write ``names`` as (k, n) ``.npy``: numbers from the ``spooled`` files, indicators from the text in ``rows``."""
    place = {name: i for i, name in enumerate(numbers)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (len(names), len(rows))}
        )
        for feature, group in itertools.groupby(names, key=lambda name: split(name)[0]):
            if feature in place:
                for part, n in spooled:
                    np.fromfile(part, np.float64, n, offset=8 * n * place[feature]).tofile(file)
            else:
                levels = list(group)
                found = with_indicators(rows[[feature]], levels)
                for level in levels:
                    found[level].to_numpy().tofile(file)


def read_dataset(folder: Path) -> Dataset:
    """The dataset in ``folder``, checked against its fingerprint; NotFound without one, BadArtifact if it changed."""
    if not (folder / MANIFEST).is_file():
        raise NotFound(f"no dataset in {folder.name!r}: make one with `coterie dataset`")
    manifest = read_manifest(folder)
    if manifest.get("format") not in (FORMAT, *PANEL_FORMATS):
        raise BadArtifact(
            f"dataset {folder.name} has format {manifest.get('format')}, this version reads {FORMAT}: make it again"
        )
    if fingerprint_of(folder) != manifest["fingerprint"]:
        raise BadArtifact(f"dataset {folder.name} is not what its manifest says: make it again with `coterie dataset`")
    return open_dataset(folder)


def open_dataset(folder: Path) -> Dataset:
    """The dataset in ``folder``, which was checked before."""
    manifest = read_manifest(folder)
    names = manifest["features"]
    if manifest["format"] in PANEL_FORMATS:
        frame = with_indicators(pq.read_table(folder / PANEL).to_pandas(), names)
    else:
        matrix: Floats = np.load(folder / FEATURES, mmap_mode="r")
        rows = pq.read_table(folder / ROWS).to_pandas()
        frame = pd.concat([rows, pd.DataFrame(matrix.T, columns=names, copy=False)], axis=1)
    products = pd.read_parquet(folder / PRODUCTS) if (folder / PRODUCTS).is_file() else None
    found = Dataset(frame, tuple(names), _question(manifest), manifest["fingerprint"], manifest["facts"], products)
    object.__setattr__(found, "folder", folder)  # not an argument: a dataset with other content has no folder
    return found


@lru_cache(maxsize=1)
def mapped_again(folder: Path, fingerprint: str) -> Dataset:
    """The dataset that another process sent as its folder; opened once for all that it sends."""
    found = open_dataset(folder)
    if found.fingerprint != fingerprint:
        raise BadArtifact(f"dataset {folder.name} was replaced meanwhile: run the command again")
    return found


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the dataset in ``folder``."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return found


def rows_file(folder: Path) -> Path:
    """The Parquet file with the ids of a dataset's customers."""
    return folder / (PANEL if (folder / PANEL).is_file() else ROWS)


def fingerprint_of(folder: Path) -> str:
    """SHA-256, in hex, over the hashes of a dataset's files; in the formats before 3, the one file's."""
    if (folder / PANEL).is_file():
        return file_hash(folder / PANEL)
    names = [name for name in (EVERYBODY, PRODUCTS) if (folder / name).is_file()]
    return hashlib.sha256("\n".join(file_hash(folder / name) for name in (ROWS, FEATURES, *names)).encode()).hexdigest()


def _question(manifest: Mapping[str, Any]) -> Question | None:
    """The question; in the format of 0.2 without its outcome, which was not written."""
    if manifest["format"] == FORMAT_0_2:
        task = manifest["task"]
        return Question.of_version_0_2(task, "", manifest["horizon_days"]) if task else None
    return Question.of(manifest["question"]) if manifest["question"] else None


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise BadInput(
            f"the dataset lacks {', '.join(missing[:5])}: give customer_id, as_of, label (for predictions) and features"
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
