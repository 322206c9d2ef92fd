"""The steps of the road as the command line and the nightly job call them: a workspace in, a plain result out.

Each result holds what a script needs and ``message``, the sentence a person reads.
"""

import json
from pathlib import Path
from typing import Any, cast

from experiments.config import StudyConfig, load_study
from experiments.dataset import read_dataset
from experiments.gate import promote
from experiments.registry import champion_guesses
from experiments.run import run_study
from experiments.stores import Stores
from features.engines import Engine
from pipelines.audit import worst
from pipelines.audit.publication import FILE as REPORT
from pipelines.dataset import build_dataset
from pipelines.ingest import IngestResult, ingest
from pipelines.progress import trial_progress
from pipelines.sources.source import load_source
from pipelines.workspace import Workspace

REMEMBERED = "last_ingest.json"


def stores(home: Workspace) -> Stores:
    """Where the workspace keeps runs, their artifacts and the searches."""
    return Stores(home.tracking_uri, str(home.artifact_root), home.storage_url)


def ingest_step(home: Workspace, source: str, raw: str, pseudonymise: bool | None) -> dict[str, Any]:
    """Ingest a source and remember it for ``retrain``."""
    files = Path(raw) if raw else _simulated_here(home, source)
    result = ingest(home, load_source(source), files, pseudonymise)
    remembered = {"source": source, "raw": str(files.resolve()) if files else "", "pseudonymise": pseudonymise}
    (home.home / REMEMBERED).write_text(json.dumps(remembered, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return {
        "canonical": result.id,
        "folder": str(result.folder),
        "rows": dict(result.counts),
        "rejects": {table: dict(reasons) for table, reasons in result.rejects.items()},
        "repairs": {table: dict(counts) for table, counts in result.repairs.items()},
        "conflicts": dict(result.conflicts),
        "late": dict(result.late),
        "findings": [f"{finding.code} {finding.title}: {finding.count}" for finding in result.findings],
        "report": str(result.folder / REPORT),
        "changed": result.changed,
        "message": _ingest_message(result),
    }


def remembered_ingest(home: Workspace) -> dict[str, Any] | None:
    """The arguments of the last ingest; None if there was none."""
    path = home.home / REMEMBERED
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def dataset_step(home: Workspace, study: str, engine: str = "polars") -> dict[str, Any]:
    """Build, or find, the dataset of a study."""
    folder = build_dataset(home, load_study(study), cast(Engine, engine))
    dataset = read_dataset(folder)
    cutoffs = dataset.facts["cutoffs"]
    when = cutoffs[0] if len(cutoffs) == 1 else f"{len(cutoffs)} cutoffs from {cutoffs[0]} to {cutoffs[-1]}"
    return {
        "dataset": str(folder),
        "rows": len(dataset.frame),
        "features": len(dataset.features),
        "cutoffs": cutoffs,
        "fingerprint": dataset.fingerprint,
        "message": f"dataset {folder.name}: {len(dataset.frame):,} rows, {len(dataset.features)} features, {when}",
    }


def train_step(home: Workspace, study: str, trials: int | None, workers: int) -> dict[str, Any]:
    """Run a study and register its model as challenger; a study that was run on the same dataset is found."""
    config = load_study(study).adjusted(trials=trials)
    dataset = read_dataset(build_dataset(home, config))
    with trial_progress(config.name, config.search.trials) as on_trial:
        result = run_study(
            config,
            dataset,
            stores(home),
            workers=workers,
            warm_start=champion_guesses(stores(home), config.name),
            on_trial=on_trial,
        )
    return {
        "run_id": result.run_id,
        "model": result.model_name,
        "version": result.version,
        "sha256": result.sha256,
        "scores": dict(result.scores),
        "baselines": {name: dict(scores) for name, scores in result.baselines.items()},
        "skipped": result.skipped,
        "message": _train_message(config, result.version, result.scores, result.skipped),
    }


def promote_step(home: Workspace, study: str) -> dict[str, Any]:
    """Judge the challenger of a study and move the champion alias if it wins."""
    config = load_study(study)
    dataset = read_dataset(build_dataset(home, config))
    verdict = promote(config, dataset, stores(home))
    return {
        "promoted": verdict.promote,
        "reason": verdict.reason,
        "message": f"{config.name}: {'promoted' if verdict.promote else 'not promoted'}, {verdict.reason}",
    }


def _simulated_here(home: Workspace, source: str) -> Path | None:
    """The simulated source reads what ``coterie simulate`` wrote into this workspace."""
    folder = home.home / "raw" / "simulated" / "raw"
    return folder if source == "simulated" and folder.is_dir() else None


def _ingest_message(result: IngestResult) -> str:
    kept = ", ".join(f"{rows:,} {table}" for table, rows in result.counts.items())
    refused = sum(sum(reasons.values()) for reasons in result.rejects.values())
    state = "ingested" if result.changed else "nothing new"
    lines = [f"{state}: {kept} ({refused:,} rows rejected, {len(result.findings)} audit findings) in {result.folder}"]
    for what, found in (
        ("rows that came late, dated by their file", result.late),
        ("customers whose linked profiles disagree, settled by the source's rule", result.conflicts),
    ):
        if listed := ", ".join(f"{n:,} in {name}" for name, n in found.items() if n):
            lines.append(f"  {what}: {listed}")
    lines += [f"  {f.severity}: {f.title} ({f.count:,} in {f.table})" for f in worst(result.findings)]
    return "\n".join([*lines, f"  all findings, and what to do: {result.folder / REPORT}"])


def _train_message(config: StudyConfig, version: str, scores: Any, skipped: bool) -> str:
    listed = ", ".join(f"{name} {value:.4f}" for name, value in sorted(scores.items()))
    return f"{config.name}: {'found' if skipped else 'trained'} version {version} ({listed})"
