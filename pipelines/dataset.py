"""The dataset step: canonical tables and a study's question become one table of customers at their cutoffs."""

import hashlib
import json
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from experiments.config import StudyConfig
from experiments.dataset import write_dataset
from experiments.splits import day_of, study_cutoffs
from features.engines import Engine, Tables, on_polars, open_tables, to_pandas
from features.entities import about
from features.errors import HistoryTooShort
from features.families import missing_tables
from features.snapshot import feature_names
from features.windows import Frame
from models.tasks import task
from pipelines.labels import labelled
from pipelines.snapshots import features_code, stored_snapshots, sweep
from pipelines.workspace import Workspace


def build_dataset(home: Workspace, study: StudyConfig, engine: Engine = "polars") -> Path:
    """The study's dataset on the current canonical tables; found, not made again, where it is there already.

    All engines give the same bytes, so the engine does not name the dataset. A build that was cut off goes on with
    the snapshots it had made.
    """
    canonical = home.require("canonical")
    name = f"{study.name}-{_identity(canonical.name, study)}"
    folder = home.write_once("datasets", name, lambda folder: _write(home, folder, canonical, study, engine))
    sweep(home, canonical)
    return folder


def order_span(tables: Tables) -> tuple[float, float]:
    """Times of the first and the last sale, in days since 1970-01-01 UTC."""
    sales = tables["orders"].filter(nw.col("kind") == "sale")
    ends = to_pandas(sales.select(first=nw.col("at_days").min(), last=nw.col("at_days").max()))
    first, last = float(ends["first"].iloc[0]), float(ends["last"].iloc[0])
    if not first <= last:
        raise HistoryTooShort("the canonical orders hold no sale: look into rejects/ for what was refused and why")
    return first, last


def _write(home: Workspace, folder: Path, canonical: Path, study: StudyConfig, engine: Engine) -> None:
    tables = open_tables(canonical, engine)
    cutoffs = study_cutoffs(study, *order_span(tables))
    facts: dict[str, Any] = {
        "canonical": canonical.name,
        "cutoffs": [str(day_of(cutoff)) for cutoff in cutoffs],
        "entity": study.entity,
        "families_left_out": {name: f"needs {', '.join(needs)}" for name, needs in missing_tables(tables).items()},
        "study": study.name,
        "tables": sorted(tables),
    }
    looked_at = cutoffs if study.task else cutoffs[-1:]
    snapshots = stored_snapshots(home, canonical, tables, looked_at, study.entity)
    parts = [
        to_pandas(_part(snapshot, tables, study, as_of)) for as_of, snapshot in zip(looked_at, snapshots, strict=True)
    ]
    frame = pd.concat(parts, ignore_index=True)
    write_dataset(folder, frame, feature_names(tables), study.task, study.horizon_days, facts)


def _part(snapshot: Frame, tables: Tables, study: StudyConfig, as_of: float) -> Frame:
    """One cutoff of the dataset: its snapshot, with labels if the study asks for something."""
    if study.task is None or study.horizon_days is None:
        return snapshot.with_columns(as_of=nw.lit(as_of))
    asked, horizon_days = task(study.task), study.horizon_days

    def label(whose: Tables, as_of: float) -> Frame:
        known: Frame = nw.from_native(on_polars(asked.label(whose, as_of, horizon_days)).lazy())
        return known

    whose = about(tables, as_of, study.entity)
    return labelled(snapshot, whose, as_of, label, asked.MISSING_LABEL, asked.eligible(horizon_days))


def _identity(canonical: str, study: StudyConfig) -> str:
    """Names what the dataset depends on: the tables, the question, the cutoffs and the code of the features."""
    question = study.model_dump(mode="json", include={"name", "entity", "task", "horizon_days", "cutoffs"})
    text = json.dumps([canonical, question, features_code()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
