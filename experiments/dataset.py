"""A dataset on disk: a Parquet file of customers at cutoffs, and a manifest with the file's hash, the fingerprint."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import BadArtifact, BadInput, NotFound
from features.indicators import indicator_names, numbers, split, with_indicators
from models.question import Question
from models.sample import Sample
from models.targets import target

FORMAT = 2
FORMAT_0_2 = 1
"""Datasets of 0.2 are not learned from any more, but a person's rows in them are exported and erased."""
PANEL = "panel.parquet"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Dataset:
    """Customers at cutoffs: ``frame`` has customer_id, as_of, label (none for segments) and features.

    ``features`` are the columns a model can read: float64 with NaN for null, text as indicators. The text columns
    themselves are also in ``frame``. Rows are sorted by (as_of, customer_id); as_of is in days since 1970-01-01 UTC.
    ``fingerprint`` is the SHA-256 of the Parquet file, in hex. ``question`` is None where there is no label. ``facts``
    describe the origin.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    question: Question | None
    fingerprint: str
    facts: Mapping[str, Any]

    @property
    def as_of(self) -> NDArray[np.float64]:
        """The cutoff of each row of ``frame``, in days since 1970-01-01 UTC."""
        return self.frame["as_of"].to_numpy(dtype=np.float64)

    @property
    def cutoffs(self) -> list[float]:
        """The distinct cutoffs, oldest first."""
        return [float(c) for c in np.unique(self.as_of)]

    @property
    def inputs(self) -> pd.DataFrame:
        """All features, with the rows of ``frame``."""
        return self.frame[list(self.features)]

    def sample(self, columns: Sequence[str]) -> Sample:
        """All rows with the features ``columns`` and their labels, for a learner."""
        assert self.question is not None, "only a labelled dataset has a sample"
        label = self.frame["label"].to_numpy(dtype=np.float64)
        y = target(self.question.target).labels(label, self.question)
        return Sample(self.read(columns), y, self.as_of, self.question)

    def read(self, columns: Sequence[str]) -> pd.DataFrame:
        """These columns, one row a row of ``frame``; indicators of levels that have become rare are made for it."""
        if missing := self.lacks(columns):
            raise BadInput(f"the dataset has no column {', '.join(missing[:5])}: train on a dataset of this source")
        return with_indicators(self.frame, columns)[list(columns)]

    def lacks(self, columns: Sequence[str]) -> list[str]:
        """Those of the columns that can neither be read nor be made of a text feature."""
        return [name for name in columns if not {name, split(name)[0]} & set(self.frame.columns)]


def write_dataset(
    folder: Path, frame: pd.DataFrame, features: Sequence[str], question: Question | None, facts: Mapping[str, Any]
) -> Dataset:
    """Write ``panel.parquet`` and ``manifest.json`` into an existing or new folder and return what was written.

    ``features`` are columns of ``frame``; text is stored as it is, and indicators are added on reading. Equal frames
    give equal bytes, whatever the order of their rows. BadInput if a column is missing or there is no row.
    """
    keys = ["customer_id", "as_of"] + (["label"] if question else [])
    require_columns(frame, [*keys, *features])
    frame = frame[[*keys, *features]].sort_values(["as_of", "customer_id"], kind="stable", ignore_index=True)
    frame = frame.astype(dict.fromkeys((*keys[1:], *numbers(frame[list(features)])), np.float64))
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, folder / PANEL, compression="zstd")
    manifest = {
        "format": FORMAT,
        "fingerprint": file_hash(folder / PANEL),
        "rows": len(frame),
        "features": list(indicator_names(frame, features)),
        "question": asdict(question) if question else None,
        "facts": dict(facts),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return read_dataset(folder)


def read_dataset(folder: Path) -> Dataset:
    """The dataset in ``folder``, checked against its fingerprint; NotFound without one, BadArtifact if it changed."""
    if not (folder / MANIFEST).is_file():
        raise NotFound(f"no dataset in {folder.name!r}: make one with `coterie dataset`")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest.get("format") not in (FORMAT, FORMAT_0_2):
        raise BadArtifact(
            f"dataset {folder.name} has format {manifest.get('format')}, this version reads {FORMAT}: make it again"
        )
    if file_hash(folder / PANEL) != manifest["fingerprint"]:
        raise BadArtifact(
            f"dataset {folder.name}: {PANEL} is not what its manifest says: make it again with `coterie dataset`"
        )
    return Dataset(
        frame=with_indicators(pq.read_table(folder / PANEL).to_pandas(), manifest["features"]),
        features=tuple(manifest["features"]),
        question=_question(manifest),
        fingerprint=manifest["fingerprint"],
        facts=manifest["facts"],
    )


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
    if len(frame) == 0:
        raise BadInput(
            "the dataset has no row, no customer was eligible at any cutoff: "
            "load more history or lower cutoffs.min_history_days"
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
