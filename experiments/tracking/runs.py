"""Runs in MLflow: one parent run per study, with its trials and baselines as nested runs.

Only the main process writes. MLflow is imported when first needed, with its telemetry turned off.
"""

import hashlib
import json
import logging
import math
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import features
import models
from experiments.dataset import Dataset
from experiments.studies import to_toml
from experiments.study import Study
from experiments.tracking.artifacts import register_repository
from experiments.tracking.databases import prepare
from experiments.tracking.relocation import make_locations_relative
from experiments.tracking.schemas import mlflow_schema
from experiments.tracking.stores import Stores, creation_lock, is_sqlite

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

NOTE_TAG = "mlflow.note.content"
"""The description that a run's page shows, in Markdown."""
VERDICT_MARK = "> "
"""Begins the first paragraph of a run's description, if that is a verdict."""
FAILURE_TAG = "coterie.failure"
"""Why a run, or a trial, failed."""
KEY_TAG = "coterie.key"
"""Of a study's run: its :func:`identity`."""
ANCESTOR_TAG = "coterie.ancestor"
"""The hash of the model whose segments the run's model continues; empty if it continues none."""
MODEL_TAG = "coterie.sha256"
"""The hash of the run's model."""

DIGEST_LENGTH = 16
"""Characters of the fingerprint that become the dataset's digest; MLflow allows 36, the UI shows about 8."""


@dataclass(frozen=True)
class StudyRun:
    """The parent run of a study and the nested runs it already has, by name."""

    client: "MlflowClient"
    experiment_id: str
    run_id: str
    children: dict[str, "Run"] = field(repr=False)


def quiet_mlflow() -> Any:
    """The ``mlflow`` module, imported with its telemetry off unless the user has chosen otherwise."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


@contextmanager
def current_tracking(uri: str) -> Iterator[None]:
    """Set MLflow's global tracking URI to ``uri`` inside the block: the registry resolves ``models:/`` URIs by it."""
    mlflow = quiet_mlflow()
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


def open_client(stores: Stores) -> "MlflowClient":
    """A client of the tracking store; an SQLite database is first created or migrated if need be."""
    mlflow = quiet_mlflow()
    register_repository()
    prepare(stores.tracking_uri, mlflow_schema(stores.artifact_uri))
    make_locations_relative(stores.tracking_uri)
    client: MlflowClient = mlflow.MlflowClient(stores.tracking_uri, stores.tracking_uri)
    # On a database server the first question creates the tables.
    with nullcontext() if is_sqlite(stores.tracking_uri) else creation_lock(stores.tracking_uri):
        client.search_experiments(max_results=1)
    return client


def open_experiment(client: "MlflowClient", stores: Stores, name: str) -> str:
    """The id of the experiment ``name``, which is created if it is missing."""
    with creation_lock(stores.tracking_uri):
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = f"{stores.artifact_uri}/{name}" if stores.artifact_uri else None
        return str(client.create_experiment(name, artifact_location=location))


def identity(study: Study, dataset: Dataset, ancestor: str = "") -> str:
    """Equal for runs of the same study on the same dataset with the same code and ancestor: 32 hex characters."""
    parts = (study.key, dataset.fingerprint, code_version(), *([ancestor] if ancestor else []))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]


@cache
def code_version() -> str:
    """SHA-256 over the Python files that training depends on, 16 hex characters."""
    digest = hashlib.sha256()
    for package in (*features.__path__, *models.__path__, str(Path(__file__).parents[1])):
        for path in sorted(Path(package).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def git_commit() -> str | None:
    """The git commit of this code, with ``-dirty`` if files were changed; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def find_study(client: "MlflowClient", experiment_id: str, key: str) -> "Run | None":
    """The newest parent run with this identity, finished ones first."""
    found = client.search_runs(
        [experiment_id],
        f"tags.`coterie.key` = '{key}' and tags.`coterie.role` = 'study'",
        order_by=["attributes.start_time DESC"],
    )
    return min(found, key=lambda run: run.info.status != "FINISHED", default=None)


def run_of_model(client: "MlflowClient", experiment_id: str, sha256: str) -> "Run | None":
    """The newest finished run whose model has this hash."""
    asked = f"tags.`{MODEL_TAG}` = '{sha256}' and attributes.status = 'FINISHED'"
    found = client.search_runs([experiment_id], asked, max_results=1, order_by=["attributes.start_time DESC"])
    return next(iter(found), None)


def start_study(
    client: "MlflowClient", experiment_id: str, study: Study, dataset: Dataset, ancestor: str = ""
) -> StudyRun:
    """A new parent run with tags, dataset and study.toml, or the unfinished one of a killed process."""
    key = identity(study, dataset, ancestor)
    run = find_study(client, experiment_id, key)
    if run is not None:
        client.update_run(run.info.run_id, status="RUNNING")
        if FAILURE_TAG in run.data.tags:
            client.delete_tag(run.info.run_id, FAILURE_TAG)
        return StudyRun(client, experiment_id, run.info.run_id, children_of(client, experiment_id, run.info.run_id))
    commit = git_commit()
    tags = {
        KEY_TAG: key,
        ANCESTOR_TAG: ancestor,
        "coterie.role": "study",
        "coterie.dataset": dataset.fingerprint,
        "coterie.code": code_version(),
        "mlflow.source.name": f"coterie train {study.name}",
        "mlflow.source.type": "LOCAL",
        **({"mlflow.source.git.commit": commit} if commit else {}),
    }
    # The date first: the table of runs cuts names after 17 letters, and its page names the study.
    name = f"{datetime.now():%Y-%m-%d %H:%M} {study.name}"
    run_id = client.create_run(experiment_id, run_name=name, tags=tags).info.run_id
    log_dataset(client, run_id, dataset)
    client.log_text(run_id, to_toml(study), "study.toml")
    return StudyRun(client, experiment_id, run_id, {})


def note_verdict(client: "MlflowClient", run_id: str, sentence: str, again: bool = True) -> None:
    """Let the run's description begin with this verdict; unless ``again``, one that is there already stays."""
    note = client.get_run(run_id).data.tags.get(NOTE_TAG, "")
    first, _, rest = note.partition("\n\n")
    judged = first.startswith(VERDICT_MARK)
    if again or not judged:
        client.set_tag(run_id, NOTE_TAG, f"{VERDICT_MARK}{sentence}\n\n{rest if judged else note}")


def children_of(client: "MlflowClient", experiment_id: str, run_id: str) -> dict[str, "Run"]:
    """The nested runs of a run, by name."""
    found = client.search_runs([experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'", max_results=50_000)
    return {run.info.run_name: run for run in found}


def log_dataset(client: "MlflowClient", run_id: str, dataset: Dataset) -> None:
    """Log the dataset as the run's input: columns, sizes and fingerprint, but no rows."""
    from mlflow.entities import Dataset as LoggedDataset
    from mlflow.entities import DatasetInput, InputTag
    from mlflow.types import ColSpec, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec("string" if name == "customer_id" else "double", name) for name in dataset.frame.columns
    ]
    sizes = {
        "rows": len(dataset.frame),
        "customers": int(dataset.frame["customer_id"].nunique()),
        "cutoffs": len(dataset.cutoffs),
        "features": len(dataset.features),
    }
    entry = LoggedDataset(
        name=dataset.question.task if dataset.question else "segments",
        digest=dataset.fingerprint[:DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"fingerprint": dataset.fingerprint, **dataset.facts}, default=str)[:60_000],
        schema=json.dumps({"mlflow_colspec": Schema(columns).to_dict()}),
        profile=json.dumps(sizes),
    )
    client.log_inputs(run_id, [DatasetInput(entry, [InputTag("mlflow.data.context", "training")])])


def log_child(
    study: StudyRun,
    name: str,
    role: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    started: datetime | None = None,
    finished: datetime | None = None,
    failure: str = "",
) -> str:
    """Log a finished nested run and return its id; one that is finished already is left as it is."""
    there = study.children.get(name)
    if there is not None and there.info.status in ("FINISHED", "FAILED"):
        return str(there.info.run_id)
    now = datetime.now()
    if there is not None:
        run_id = str(there.info.run_id)
    else:
        tags = {"mlflow.parentRunId": study.run_id, "coterie.role": role}
        tags |= {FAILURE_TAG: failure, NOTE_TAG: failure} if failure else {}
        run = study.client.create_run(study.experiment_id, milliseconds(started or now), tags, run_name=name)
        run_id = str(run.info.run_id)
    log_values(study.client, run_id, params, metrics)
    study.client.set_terminated(run_id, "FAILED" if failure else "FINISHED", milliseconds(finished or now))
    return run_id


def log_values(
    client: "MlflowClient",
    run_id: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    model_id: str | None = None,
) -> None:
    """Log parameters and finite metrics, in one call."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    finite = {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0, model_id=model_id) for name, value in finite.items()],
        params=[Param(name, str(value)) for name, value in params.items()],
    )


def log_by_cutoff(
    client: "MlflowClient", run_id: str, cutoffs: Sequence[float], scores: Sequence[Mapping[str, float]]
) -> None:
    """Log scores as lines over the test cutoffs: step 0 is the oldest, and the wall time is the cutoff."""
    from mlflow.entities import Metric

    points = [
        Metric(f"by_cutoff/{name}", float(value), int(cutoff * 86_400_000), step)
        for step, (cutoff, found) in enumerate(zip(cutoffs, scores, strict=True))
        for name, value in found.items()
        if math.isfinite(value)
    ]
    client.log_batch(run_id, metrics=points)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def now() -> datetime:
    return datetime.now()


def before(moment: datetime, seconds: float) -> datetime:
    return moment - timedelta(seconds=seconds)
