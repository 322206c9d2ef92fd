"""``coterie train``: search, test against the baselines, and register a challenger."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from experiments.dataset import read_dataset
from experiments.gate import preview
from experiments.run import run_study
from experiments.study import Study
from experiments.tracking.addresses import run_address, server_address
from experiments.tracking.registry import CHALLENGER, aliased_version, artifact_folder, champion_model
from experiments.tracking.runs import note_verdict, open_client
from experiments.tracking.stores import server_lock
from experiments.verdict import Verdict
from models import artifact
from pipelines.commands import typed
from pipelines.progress import trial_progress
from pipelines.steps.dataset import build_dataset
from pipelines.steps.tables import as_text
from pipelines.studies import find_study
from pipelines.workspace import Workspace

MOST_SCORES = 5


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
            champion=champion_model(workspace.stores, config.name),
            on_trial=on_trial,
        )
    return {
        "run_id": result.run_id,
        "model": result.study,
        "version": result.version,
        "candidate": result.candidate,
        "sha256": result.sha256,
        "scores": dict(result.scores),
        "baselines": {name: dict(scores) for name, scores in result.baselines.items()},
        "skipped": result.skipped,
    }


def train_and_judge(workspace: Workspace, study: str, trials: int | None, workers: int) -> dict[str, Any]:
    """Like :func:`train_step`, with the verdict that ``coterie promote`` would give and the address of the run."""
    result = train_step(workspace, study, trials, workers)
    config = find_study(workspace, study).adjusted(trials=trials)
    verdict = preview(config, read_dataset(build_dataset(workspace, config)), workspace.stores)
    if verdict.version == result["version"]:
        would = "Would be promoted" if verdict.promote else "Would not be promoted"
        note = f"**{would}** as version {verdict.version}: {verdict.reason}"
        note_verdict(open_client(workspace.stores), result["run_id"], note, again=False)
    address = address_of(workspace, result["run_id"])
    return {
        **result,
        "verdict": {"promote": verdict.promote, "reason": verdict.reason, **verdict.scores},
        "address": address,
        "message": _message(
            typed("promote", study, home=workspace.home), result, verdict, headline_of(workspace, config), address
        ),
    }


def address_of(workspace: Workspace, run_id: str) -> str:
    """The page of a run in the MLflow UI."""
    run = open_client(workspace.stores).get_run(run_id)
    return run_address(server_address(workspace.tracking_uri), run.info.experiment_id, run_id)


def headline_of(workspace: Workspace, study: Study) -> tuple[str, ...]:
    """Names of the scores that matter most for the study's newest model, in order."""
    client = open_client(workspace.stores)
    challenger = aliased_version(client, study.name, CHALLENGER)
    if challenger is None:
        return ()
    return artifact.headline(artifact.load(artifact_folder(client, challenger), challenger.sha256).model)[:MOST_SCORES]


def _message(promote: str, result: Mapping[str, Any], verdict: Verdict, headline: tuple[str, ...], address: str) -> str:
    state = "found" if result["skipped"] else "trained"
    would = "would be promoted" if verdict.promote else "would not be promoted"
    lines = [
        f"{result['model']}: {state} version {result['version']}, {result['candidate']}; {would}: {verdict.reason}"
    ]
    ours = f"version {result['version']}, {result['candidate']}"
    lines.append(scores_table(headline, {ours: result["scores"], **result["baselines"]}))
    lines.append(f"the run, while `coterie ui` runs: {address}")
    return "\n".join([*lines, f"what next: `{promote}`"] if verdict.promote else lines)


def scores_table(headline: tuple[str, ...], contestants: Mapping[str, Mapping[str, float]]) -> str:
    """A row of test scores for each contestant; a dash where a score is not defined."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 2))
    table.add_column("", no_wrap=True)
    for name in headline:
        table.add_column(name, justify="right", no_wrap=True)
    for contestant, scores in contestants.items():
        values = (scores.get(name, float("nan")) for name in headline)
        table.add_row(contestant, *("-" if value != value else f"{value:.4f}" for value in values))
    return as_text(table)
