"""The dataset step: canonical tables and a study's question become one table of customers at their cutoffs."""

import hashlib
import json
from pathlib import Path
from typing import Any

import narwhals as nw

import features
from experiments.config import StudyConfig
from experiments.dataset import write_dataset
from experiments.splits import day_of, study_cutoffs
from features.engines import Engine, Tables, open_tables, to_pandas
from features.entities import Entity
from features.errors import HistoryTooShort
from features.families import missing_tables
from features.panel import panel
from features.snapshot import feature_names, snapshot
from models.tasks import Task, task
from pipelines.workspace import Workspace


def build_dataset(home: Workspace, study: StudyConfig, engine: Engine = "polars") -> Path:
    """The study's dataset on the current canonical tables; found, not made again, where it is there already."""
    canonical = home.require("canonical")
    name = f"{study.name}-{_identity(canonical.name, study)}"
    return home.write_once("datasets", name, lambda folder: _write(folder, canonical, study, engine))


def order_span(tables: Tables) -> tuple[float, float]:
    """Times of the first and the last sale, in days since 1970-01-01 UTC."""
    sales = tables["orders"].filter(nw.col("kind") == "sale")
    ends = to_pandas(sales.select(first=nw.col("at_days").min(), last=nw.col("at_days").max()))
    first, last = float(ends["first"].iloc[0]), float(ends["last"].iloc[0])
    if not first <= last:
        raise HistoryTooShort("the canonical orders hold no sale: look into rejects/ for what was refused and why")
    return first, last


def _write(folder: Path, canonical: Path, study: StudyConfig, engine: Engine) -> None:
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
    if study.task is None or study.horizon_days is None:
        frame = to_pandas(snapshot(tables, cutoffs[-1], study.entity).with_columns(as_of=nw.lit(cutoffs[-1])))
    else:
        frame = to_pandas(_labelled(tables, cutoffs, task(study.task), study.horizon_days, study.entity))
    write_dataset(folder, frame, feature_names(tables), study.task, study.horizon_days, facts)


def _labelled(
    tables: Tables, cutoffs: list[float], asked: Task, horizon_days: float, entity: Entity
) -> nw.LazyFrame[Any]:
    return panel(
        tables,
        cutoffs,
        label=lambda tables, as_of: asked.label(tables, as_of, horizon_days),
        missing_label=asked.MISSING_LABEL,
        eligible=asked.eligible(horizon_days),
        entity=entity,
    )


def _identity(canonical: str, study: StudyConfig) -> str:
    """Names what the dataset depends on: the tables, the question, the cutoffs and the code of the features."""
    question = study.model_dump(mode="json", include={"name", "entity", "task", "horizon_days", "cutoffs"})
    text = json.dumps([canonical, question, _code()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code() -> str:
    """SHA-256 over the source of the features package: an edited feature is another dataset."""
    digest = hashlib.sha256()
    for path in sorted(Path(features.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
