"""The runs and models trained on a dataset, and the tag that they must be retrained because a person was erased."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.tracking.registry import has_runs
from experiments.tracking.runs import open_client
from experiments.tracking.stores import Stores
from models.ranking.learners import rankers
from models.segments.clusterers import clusterers

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ERASURE_DUE = "coterie.erasure_due"


@dataclass(frozen=True)
class Trained:
    """A study's run and the model versions registered from it, as (name, version). ``holds_vectors``: the model
    contains feature vectors of customers it was fitted on, never their ids."""

    run_id: str
    study: str
    versions: tuple[tuple[str, str], ...]
    holds_vectors: bool


def trained_on(stores: Stores, fingerprints: Collection[str]) -> list[Trained]:
    """Every study's run on a dataset with one of these fingerprints, oldest first."""
    if not has_runs(stores):
        return []
    client = open_client(stores)
    names = {each.experiment_id: each.name for each in client.search_experiments()}
    return [
        Trained(
            run_id=run.info.run_id,
            study=names[run.info.experiment_id],
            versions=_versions(client, run),
            holds_vectors=_holds_vectors(run),
        )
        for run in _study_runs(client, list(names))
        if run.data.tags.get("coterie.dataset") in fingerprints
    ]


def mark_erasure_due(stores: Stores, trained: Collection[Trained]) -> None:
    """Tag the runs and versions; the tag contains nothing about the person, not even a date."""
    if not trained:
        return
    client = open_client(stores)
    for each in trained:
        client.set_tag(each.run_id, ERASURE_DUE, "yes")
        for name, version in each.versions:
            client.set_model_version_tag(name, version, ERASURE_DUE, "yes")


def _study_runs(client: "MlflowClient", experiment_ids: list[str]) -> list["Run"]:
    found: list[Run] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            experiment_ids,
            "tags.`coterie.role` = 'study'",
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        found += page
        token = page.token
        if not token:
            return found


def _versions(client: "MlflowClient", run: "Run") -> tuple[tuple[str, str], ...]:
    found = client.search_model_versions(f"run_id = '{run.info.run_id}'")
    return tuple(sorted((each.name, str(each.version)) for each in found))


def _holds_vectors(run: "Run") -> bool:
    name = run.data.params.get("candidate", "")
    if name in rankers():
        return rankers()[name].KEEPS_VECTORS
    return name in clusterers() and clusterers()[name].KEEPS_POINTS
