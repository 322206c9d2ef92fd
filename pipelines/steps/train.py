"""``coterie train``: search, test against the baselines, and register a challenger."""

from collections.abc import Mapping
from typing import Any

from experiments.dataset import read_dataset
from experiments.run import run_study
from experiments.study import Study
from experiments.tracking.registry import champion_guesses
from experiments.tracking.stores import server_lock
from pipelines.progress import trial_progress
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace


def train_step(workspace: Workspace, study: str, trials: int | None, workers: int) -> dict[str, Any]:
    """Run a study and register its model as challenger; a study that was run on the same dataset is found."""
    config = find_study(workspace, study).adjusted(trials=trials)
    dataset = read_dataset(build_dataset(workspace, config))
    # Two workspaces that share a database may ask the same question: the second finds the first one's answer.
    alone = server_lock(workspace.tracking_uri, f"the study {config.name}")
    with alone, trial_progress(config.name, config.search.trials) as on_trial:
        result = run_study(
            config,
            dataset,
            workspace.stores,
            workers=workers,
            warm_start=champion_guesses(workspace.stores, config.name),
            on_trial=on_trial,
        )
    return {
        "run_id": result.run_id,
        "model": result.study,
        "version": result.version,
        "sha256": result.sha256,
        "scores": dict(result.scores),
        "baselines": {name: dict(scores) for name, scores in result.baselines.items()},
        "skipped": result.skipped,
        "message": _message(config, result.version, result.scores, result.skipped),
    }


def _message(config: Study, version: str, scores: Mapping[str, float], skipped: bool) -> str:
    listed = ", ".join(f"{name} {value:.4f}" for name, value in sorted(scores.items()))
    return f"{config.name}: {'found' if skipped else 'trained'} version {version} ({listed})"
