"""Two runs side by side: ``segments`` and ``predictions`` each say what there is to compare, and in what words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.tracking.registry import Version, aliased_version, artifact_folder, version_named, version_of_run
from features.errors import NotFound
from models import artifact
from models.artifact import Loaded

if TYPE_CHECKING:
    from mlflow import MlflowClient

About = Mapping[str, Any]
"""What was found, as plain data."""


@dataclass(frozen=True)
class Compared:
    """A run with the model that it registered."""

    run: Any
    version: Version
    loaded: Loaded

    @property
    def name(self) -> str:
        """``segments/2``."""
        return f"{self.version.name}/{self.version.version}"


def find(client: "MlflowClient", asked: str) -> Compared:
    """A run by its id, a version by ``name/number`` or ``name@alias``; NotFound if there is none."""
    version = _version(client, asked)
    if version is None:
        raise NotFound(f"there is no model {asked!r}: give a run's id, or a model like segments/2 or churn@champion")
    loaded = artifact.load(artifact_folder(client, version), version.sha256)
    return Compared(client.get_run(version.run_id), version, loaded)


def _version(client: "MlflowClient", asked: str) -> Version | None:
    if "/" in asked:
        return version_named(client, *asked.split("/", 1))
    if "@" in asked:
        return aliased_version(client, *asked.split("@", 1))
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(asked)
    except MlflowException:
        return None
    return version_of_run(client, client.get_experiment(run.info.experiment_id).name, asked)
