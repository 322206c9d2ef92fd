"""A study from question to challenger: search, rolling-origin test beside the baselines, artifact, MLflow, registry."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.choice import choose
from experiments.config import StudyConfig
from experiments.dataset import Dataset
from experiments.evaluate import (
    BASELINE,
    Clustered,
    Tested,
    cluster,
    contestants,
    loss_difference,
    rolling_test,
    spread,
    winner_first,
)
from experiments.objective import candidate_sample, dataset_tests, segment_features
from experiments.report import page as report
from experiments.search.trials import Guess, Trial, search
from experiments.splits import day_of
from experiments.tracking import evidence
from experiments.tracking import runs as tracking
from experiments.tracking.registry import Version, register, version_of_run
from experiments.tracking.stores import Stores
from models import artifact


@dataclass(frozen=True)
class StudyResult:
    """What a study found. ``skipped``: the same study had been finished before, nothing was done.

    ``scores`` are the tuned model's test scores; ``baselines`` those of the others by name.
    """

    study: str
    run_id: str
    model_name: str
    version: str
    sha256: str
    candidate: str
    params: Mapping[str, Any]
    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    skipped: bool


def run_study(
    config: StudyConfig,
    dataset: Dataset,
    stores: Stores,
    *,
    trials: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    warm_start: Sequence[Guess] = (),
    on_trial: Callable[[Trial], None] | None = None,
) -> StudyResult:
    """Run the study, or find it finished, or finish what a killed process began; register its model as challenger.

    The same config, dataset, seed and code give the same model, byte for byte, whatever the number of workers.
    """
    config = config.adjusted(trials, seed)
    check_dataset(config, dataset)
    client = tracking.open_client(stores)
    experiment_id = tracking.open_experiment(client, stores, config.name)
    key = tracking.identity(config, dataset)
    finished = finished_result(client, experiment_id, config, key)
    if finished is not None:
        return finished
    study = tracking.start_study(client, experiment_id, config, dataset)

    def heard(trial: Trial) -> None:
        log_trial(study, trial)
        if on_trial:
            on_trial(trial)

    found = search(
        config,
        dataset,
        stores.storage_url,
        f"{config.name}-{key}",
        workers=workers,
        warm_start=warm_start,
        on_trial=heard,
    )
    chosen, why = choose(config, dataset, found)
    client.set_tag(study.run_id, "coterie.choice", why)
    with tempfile.TemporaryDirectory(prefix="coterie-study-") as temporary:
        return conclude(config, dataset, study, found, chosen, why, Path(temporary), workers)


def check_dataset(config: StudyConfig, dataset: Dataset) -> None:
    """Refuse a dataset that cannot answer the study before anything is started."""
    config.features.select(dataset.features)
    if config.kind == "predict":
        candidate_sample(config, dataset)
        dataset_tests(config, dataset)
    else:
        segment_features(config, dataset)


def conclude(
    config: StudyConfig,
    dataset: Dataset,
    study: tracking.StudyRun,
    trials: list[Trial],
    chosen: Trial,
    why: str,
    folder: Path,
    workers: int,
) -> StudyResult:
    """Test, report, save and register what the search chose, then close the run."""
    entrants = contestants(config, chosen.candidate, chosen.params)
    if config.kind == "predict":
        # A baseline is fitted sooner than a process starts.
        rivals = [rolling_test(config, dataset, each, 1 if each.role == BASELINE else workers) for each in entrants]
        tested, simpler = winner_first(config, dataset, rivals)
        why = f"{why}. {simpler}, which is registered" if simpler else why
        metrics, facts = predict_metrics(config, tested), predict_facts(config, dataset, tested[0])
        report.predict_plots(folder / "plots", config, dataset, tested, trials)
        evidence.keep(study, config, dataset, folder, tested)
        models: Sequence[Tested | Clustered] = tested
    else:
        clustered = [cluster(config, dataset, entrant) for entrant in entrants]
        metrics, facts = cluster_metrics(clustered), cluster_facts(config, dataset, clustered[0])
        report.segment_plots(folder / "plots", config, dataset, clustered, trials)
        models = clustered
    for each in models[1:]:
        log_contestant(study, each)
    sha256 = artifact.save(folder / "artifact", models[0].model, facts)
    description = report.describe(config, dataset, models, why)
    log_conclusion(study, models[0], {**metrics, **chosen.scores}, folder, description)
    version = register(study, config.name, folder / "artifact", metrics, description)
    study.client.set_tag(study.run_id, "coterie.model", f"{config.name} version {version.version}, sha256 {sha256}")
    study.client.set_terminated(study.run_id, "FINISHED")
    others = {each.contestant.name: each.scores for each in models[1:]}
    won = models[0].contestant
    return result(config, study.run_id, version, won.candidate, won.params, models[0].scores, others, False)


def predict_metrics(config: StudyConfig, tested: Sequence[Tested]) -> dict[str, float]:
    """Test scores of the tuned model, their range over cutoffs, and how far it is ahead of each other contestant."""
    ours = tested[0]
    metrics = {f"test_{name}": value for name, value in ours.scores.items()}
    metrics |= {f"test_{name}": v for name, v in spread(ours.by_cutoff, ("log_loss", "roc_auc")).items()}
    for other in tested[1:]:
        difference, low, high = loss_difference(
            ours.outcomes[-1],
            ours.predictions[-1],
            other.predictions[-1],
            config.promotion.draws,
            config.promotion.confidence,
            config.search.seed,
        )
        prefix = f"newest_log_loss_minus/{other.contestant.name.replace(' ', '_')}"
        metrics |= {prefix: difference, f"{prefix}_low": low, f"{prefix}_high": high}
    return metrics


def cluster_metrics(clustered: Sequence[Clustered]) -> dict[str, float]:
    return {f"test_{name}": value for name, value in clustered[0].scores.items()}


def predict_facts(config: StudyConfig, dataset: Dataset, ours: Tested) -> dict[str, Any]:
    """What the artifact's manifest says of its origin; the same for the same model, so without times of day."""
    learned = [c for c in dataset.cutoffs if c + ours.model.horizon_days <= ours.cutoffs[-1]]
    return {
        "study": config.name,
        "dataset_fingerprint": dataset.fingerprint,
        "training_window": {
            "first_cutoff": str(day_of(learned[0])),
            "last_cutoff": str(day_of(learned[-1])),
            "labels_end": str(day_of(learned[-1] + ours.model.horizon_days)),
        },
        "entity": config.entity,
        "test_cutoffs": [str(day_of(cutoff)) for cutoff in ours.cutoffs],
        "scores": {name: value for name, value in ours.scores.items() if value == value},
        "seed": config.search.seed,
    }


def cluster_facts(config: StudyConfig, dataset: Dataset, ours: Clustered) -> dict[str, Any]:
    as_of = str(day_of(dataset.cutoffs[-1]))
    return {
        "study": config.name,
        "dataset_fingerprint": dataset.fingerprint,
        "entity": config.entity,
        "training_window": {"first_cutoff": as_of, "last_cutoff": as_of, "labels_end": as_of},
        "params": dict(ours.model.params),
        "scores": {name: value for name, value in ours.scores.items() if value == value},
        "seed": config.search.seed,
    }


def log_trial(study: tracking.StudyRun, trial: Trial) -> None:
    """A finished trial as a nested run."""
    value = {} if trial.value is None else {"objective": trial.value}
    tracking.log_child(
        study,
        f"trial {trial.slot:03d} {trial.candidate}",
        "trial",
        {"candidate": trial.candidate, **trial.params},
        {**value, **trial.scores},
        trial.started,
        trial.finished,
        trial.reason,
    )


def log_contestant(study: tracking.StudyRun, each: Tested | Clustered) -> None:
    """A baseline as a nested run with the same metric names as the model, so that the UI compares them."""
    metrics = {f"test_{name}": value for name, value in each.scores.items()}
    params = {"candidate": each.contestant.candidate, **each.contestant.params}
    finished = tracking.now()
    run_id = tracking.log_child(
        study,
        each.contestant.name,
        each.contestant.role,
        params,
        metrics | {"fit_seconds": each.seconds},
        tracking.before(finished, each.seconds),
        finished,
    )
    if isinstance(each, Tested):
        tracking.log_by_cutoff(study.client, run_id, each.cutoffs, each.by_cutoff)


def log_conclusion(
    study: tracking.StudyRun,
    ours: Tested | Clustered,
    metrics: Mapping[str, float],
    folder: Path,
    description: str,
) -> None:
    """The model's parameters, scores, plots and description on the parent run."""
    params = {"candidate": ours.contestant.candidate, **ours.contestant.params}
    tracking.log_values(study.client, study.run_id, params, {**metrics, "fit_seconds": ours.seconds})
    if isinstance(ours, Tested):
        tracking.log_by_cutoff(study.client, study.run_id, ours.cutoffs, ours.by_cutoff)
    study.client.set_tag(study.run_id, "mlflow.note.content", description)
    study.client.log_artifacts(study.run_id, str(folder / "plots"), "plots")
    study.client.log_artifacts(study.run_id, str(folder / "artifact"), "artifact")


def finished_result(client: Any, experiment_id: str, config: StudyConfig, key: str) -> StudyResult | None:
    """The result of the same study if it was finished before and its model is still registered."""
    run = tracking.find_study(client, experiment_id, key)
    if run is None or run.info.status != "FINISHED":
        return None
    version = version_of_run(client, config.name, run.info.run_id)
    if version is None:
        return None
    children = tracking.children_of(client, experiment_id, run.info.run_id)
    others = {
        name: tests_of(child) for name, child in children.items() if child.data.tags.get("coterie.role") != "trial"
    }
    params = {name: value for name, value in run.data.params.items() if name != "candidate"}
    return result(config, run.info.run_id, version, run.data.params["candidate"], params, tests_of(run), others, True)


def tests_of(run: Any) -> dict[str, float]:
    return {k.removeprefix("test_"): v for k, v in run.data.metrics.items() if k.startswith("test_")}


def result(
    config: StudyConfig,
    run_id: str,
    version: Version,
    candidate: str,
    params: Mapping[str, Any],
    scores: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    skipped: bool,
) -> StudyResult:
    return StudyResult(
        config.name, run_id, config.name, version.version, version.sha256, candidate, params, scores, baselines, skipped
    )
