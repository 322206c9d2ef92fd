"""Running a study: search, test beside the baselines, save, record in MLflow, register a challenger."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from experiments.contest import Scored, contestants
from experiments.dataset import Dataset
from experiments.kinds import kind_of
from experiments.plots.search import search_plot
from experiments.report import page
from experiments.search.trials import Guess, Space, Trial, search
from experiments.segments_in_force import segments_in_force
from experiments.study import Study
from experiments.tracking import evidence, runs
from experiments.tracking.addresses import choose_columns
from experiments.tracking.registry import CHALLENGER, Version, register, version_of_run
from experiments.tracking.stores import Stores
from models import artifact


@dataclass(frozen=True)
class StudyResult:
    """The registered model of a study. ``skipped``: the same study was finished before, and nothing was done.

    ``scores`` are the registered model's test scores, ``baselines`` those of the other contestants by name.
    """

    study: str
    run_id: str
    version: str
    sha256: str
    candidate: str
    params: Mapping[str, Any]
    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    skipped: bool


def run_study(
    study: Study,
    dataset: Dataset,
    stores: Stores,
    *,
    trials: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    champion: artifact.Loaded | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> StudyResult:
    """Run the study and register its model as challenger.

    A study that was finished before is returned as it is, its model being the challenger again, and one that a killed
    process began is finished. The same study, dataset, seed, code and ``champion`` give the same model, byte for byte,
    whatever the number of workers: the champion's parameters are tried first, and its segments keep their ids. An
    exception ends the run as FAILED; the same study can be run again. ``trials`` and ``seed`` override the study's;
    ``on_trial`` is called after each trial.
    """
    study = study.adjusted(trials, seed)
    kind = kind_of(study)
    problem = kind.prepare(study, dataset, champion)
    client = runs.open_client(stores)
    if kind.SLICED:
        problem = replace(problem, segments=segments_in_force(client, dataset))
    experiment_id = runs.open_experiment(client, stores, study.name)
    origin = ancestor(client, experiment_id, study, dataset, champion)
    key = runs.identity(study, dataset, origin)
    finished = finished_result(client, experiment_id, study, key)
    if finished is not None:
        # Another study of the name may have been run since: the challenger is what was asked for last.
        client.set_registered_model_alias(study.name, CHALLENGER, finished.version)
        return finished
    run = runs.start_study(client, experiment_id, study, dataset, origin)
    with failing(run):
        each = {name: kind.candidate(name) for name in kind.candidates(study)}
        space = Space(each, study.search, kind.DIRECTIONS, kind.common(problem))
        found = search(
            space,
            kind.evaluation(problem),
            stores.storage_url,
            f"{study.name}-{key}",
            workers=workers,
            warm_start=guesses(champion),
            on_trial=partial(record_trial, run, on_trial),
        )
        chosen, why = kind.choose(problem, found)
        defaults = {**(space.common.DEFAULTS if space.common else {}), **each[chosen.candidate].DEFAULTS}
        entrants = contestants(chosen.candidate, chosen.params, defaults, study.baselines)
        tested, simpler = kind.test(problem, entrants, workers)
        why = f"{why}. {simpler}, which is registered" if simpler else why
        return conclude(study, dataset, problem, run, Conclusion(found, chosen, why, tested))


def guesses(champion: artifact.Loaded | None) -> list[Guess]:
    """The champion's learner or clusterer with its parameters, for a search to try first; [] without a champion."""
    if champion is None:
        return []
    about = champion.manifest
    return [(str(about.get("learner") or about.get("clusterer")), dict(about.get("params", {})))]


def ancestor(client: Any, experiment_id: str, study: Study, dataset: Dataset, champion: artifact.Loaded | None) -> str:
    """The hash of the model whose segments the study's model continues; empty for other kinds, or if it is the first.

    A champion that is the answer to this very study and dataset continues what that one continued.
    """
    if champion is None or not kind_of(study).INHERITS:
        return ""
    run = runs.run_of_model(client, experiment_id, champion.sha256)
    tags = run.data.tags if run else {}
    if tags.get(runs.KEY_TAG) == runs.identity(study, dataset, tags.get(runs.ANCESTOR_TAG, "")):
        return str(tags.get(runs.ANCESTOR_TAG, ""))
    return champion.sha256


@dataclass(frozen=True)
class Conclusion:
    """The results of search and test; the first of ``tested`` is the model to register, for the reason ``why``."""

    trials: Sequence[Trial]
    chosen: Trial
    why: str
    tested: Sequence[Scored]


@contextmanager
def failing(run: runs.StudyRun) -> Iterator[None]:
    """End the run as FAILED if the block raises, as KILLED if it is interrupted."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        run.client.set_tag(run.run_id, runs.FAILURE_TAG, str(error)[:5000] or type(error).__name__)
        run.client.set_terminated(run.run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise


def conclude(study: Study, dataset: Dataset, problem: Any, run: runs.StudyRun, found: Conclusion) -> StudyResult:
    """Draw the plots, save, record and register the model, then close the run."""
    kind, ours, others = kind_of(study), found.tested[0], found.tested[1:]
    metrics = {**{f"test_{name}": v for name, v in ours.scores.items()}, **kind.metrics(problem, found.tested)}
    with tempfile.TemporaryDirectory(prefix="coterie-study-") as temporary:
        folder = Path(temporary)
        kind.pictures(problem, folder / "plots", study.title or study.name, found.tested)
        search_plot(folder / "plots" / "search.png", study.name, found.trials, kind.DIRECTIONS[0])
        evidence.record(run, study, dataset, folder, kind.evidence(problem, found.tested))
        for each in others:
            record_contestant(run, each)
        sha256 = artifact.save(folder / "artifact", ours.model, facts(study, dataset, ours, kind.facts(problem, ours)))
        description = page.describe(study, dataset, kind, problem, found.tested, found.why)
        record_model(run, ours, {**metrics, **found.chosen.scores}, folder, description)
        record_tables(run, kind.tables(problem, found.tested))
        version = register(run, study.name, folder / "artifact", metrics, description)
    shown = [f"test_{name}" for name in artifact.headline(ours.model)]
    choose_columns(run.client, run.experiment_id, shown, ["candidate"])
    run.client.set_tag(run.run_id, "coterie.choice", found.why)
    run.client.set_tag(run.run_id, "coterie.model", f"{study.name} version {version.version}, sha256 {sha256}")
    run.client.set_tag(run.run_id, runs.MODEL_TAG, sha256)
    run.client.set_terminated(run.run_id, "FINISHED")
    scores = {each.contestant.name: each.scores for each in others}
    won = ours.contestant
    return result(study, run.run_id, version, won.candidate, won.params, ours.scores, scores, False)


def facts(study: Study, dataset: Dataset, ours: Scored, of_kind: Mapping[str, Any]) -> dict[str, Any]:
    """The model's origin for the artifact's manifest; equal for equal models, so without the time of the run."""
    return {
        "study": study.name,
        "study_key": study.key,
        "dataset_fingerprint": dataset.fingerprint,
        "entity": study.entity,
        "who": study.who,
        "scores": {name: value for name, value in ours.scores.items() if value == value},
        "seed": study.search.seed,
        **of_kind,
    }


def record_trial(run: runs.StudyRun, on_trial: Callable[[Trial], None] | None, trial: Trial) -> None:
    """Record a finished trial as a nested run, then pass it to ``on_trial``."""
    value = {} if trial.value is None else {"objective": trial.value}
    runs.log_child(
        run,
        f"trial {trial.slot:03d} {trial.candidate}",
        "trial",
        {"candidate": trial.candidate, **trial.params},
        {**value, **trial.scores},
        trial.started,
        trial.finished,
        trial.reason,
    )
    if on_trial:
        on_trial(trial)


def record_contestant(run: runs.StudyRun, each: Scored) -> None:
    """Record a contestant as a nested run with the model's metric names, so that the UI can compare them."""
    metrics = {f"test_{name}": value for name, value in each.scores.items()}
    finished = runs.now()
    run_id = runs.log_child(
        run,
        each.contestant.name,
        each.contestant.role,
        {"candidate": each.contestant.candidate, **each.contestant.params},
        metrics | {"fit_seconds": each.seconds},
        runs.before(finished, each.seconds),
        finished,
    )
    runs.log_by_cutoff(run.client, run_id, each.cutoffs, each.by_cutoff)


def record_model(
    run: runs.StudyRun, ours: Scored, metrics: Mapping[str, float], folder: Path, description: str
) -> None:
    """Record the model's parameters, scores, plots and description in the parent run."""
    params = {"candidate": ours.contestant.candidate, **ours.contestant.params}
    runs.log_values(run.client, run.run_id, params, {**metrics, "fit_seconds": ours.seconds})
    runs.log_by_cutoff(run.client, run.run_id, ours.cutoffs, ours.by_cutoff)
    run.client.set_tag(run.run_id, runs.NOTE_TAG, description)
    # In the artifact root, because the UI compares only what lies there.
    run.client.log_artifacts(run.run_id, str(folder / "plots"))
    run.client.log_artifacts(run.run_id, str(folder / "artifact"), "artifact")


def record_tables(run: runs.StudyRun, tables: Mapping[str, dict[str, list[Any]]]) -> None:
    """Log tables that the UI shows side by side; one that is there already is left, because logging would add to it."""
    there = {file.path for file in run.client.list_artifacts(run.run_id)}
    for name, columns in tables.items():
        if name not in there:
            run.client.log_table(run.run_id, columns, name)


def finished_result(client: Any, experiment_id: str, study: Study, key: str) -> StudyResult | None:
    """The result of the same study if it was finished before and its model is still registered."""
    run = runs.find_study(client, experiment_id, key)
    if run is None or run.info.status != "FINISHED":
        return None
    version = version_of_run(client, study.name, run.info.run_id)
    if version is None:
        return None
    children = runs.children_of(client, experiment_id, run.info.run_id)
    others = {
        name: tests_of(child) for name, child in children.items() if child.data.tags.get("coterie.role") != "trial"
    }
    params = {name: value for name, value in run.data.params.items() if name != "candidate"}
    return result(study, run.info.run_id, version, run.data.params["candidate"], params, tests_of(run), others, True)


def tests_of(run: Any) -> dict[str, float]:
    """The test scores that a run has recorded."""
    return {k.removeprefix("test_"): v for k, v in run.data.metrics.items() if k.startswith("test_")}


def result(
    study: Study,
    run_id: str,
    version: Version,
    candidate: str,
    params: Mapping[str, Any],
    scores: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    skipped: bool,
) -> StudyResult:
    return StudyResult(
        study.name, run_id, version.version, version.sha256, candidate, params, scores, baselines, skipped
    )
