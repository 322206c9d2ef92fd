"""Models in MLflow's registry: versions, the aliases ``challenger`` and ``champion``, and their plain artifacts."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.tracking.runs import StudyRun, current_tracking, log_values, open_client
from experiments.tracking.stores import Stores, is_sqlite, sqlite_path
from features.errors import BadArtifact, NotFound
from models import artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHALLENGER = "challenger"
CHAMPION = "champion"
ARTIFACT = "artifacts/artifact"
"""Path of the plain artifact inside a logged model; MLflow uses ``artifacts/<key>``."""
RESTORE = "restore them with `coterie restore`, or delete this version in `coterie ui` and train again"


@dataclass(frozen=True)
class Version:
    """A registered model version; ``sha256`` is the hash of its artifact."""

    name: str
    version: str
    run_id: str
    sha256: str
    tags: Mapping[str, str]


def register(study: StudyRun, name: str, folder: Path, metrics: Mapping[str, float], description: str) -> Version:
    """Log the artifact in ``folder`` as a pyfunc of the study's run and register it as a new challenger.

    A version that this run registered before a crash is reused if it has the same bytes.
    """
    client = study.client
    loaded = artifact.load(folder)
    found = version_of_run(client, name, study.run_id)
    if found is None or found.sha256 != loaded.sha256:
        model_id = log_pyfunc(study, name, folder, loaded, metrics)
        ensure_registered(client, name)
        with current_tracking(client.tracking_uri):
            created = client.create_model_version(
                name,
                f"models:/{model_id}",
                study.run_id,
                tags={"sha256": loaded.sha256, "gate": "not judged yet"},
                description=description,
                model_id=model_id,
            )
        found = as_version(created)
    client.set_registered_model_alias(name, CHALLENGER, found.version)
    return found


def log_pyfunc(study: StudyRun, name: str, folder: Path, loaded: artifact.Loaded, metrics: Mapping[str, float]) -> str:
    """Log a model that wraps the plain artifact, and return its id. MLflow's ``log_model`` would set global state."""
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model
    from mlflow.pyfunc import save_model

    client = study.client
    params = {key: str(value) for key, value in loaded.manifest.get("params", {}).items()}
    logged = client.create_logged_model(
        study.experiment_id, name, study.run_id, tags={"sha256": loaded.sha256}, params=params, model_type=name
    )
    with tempfile.TemporaryDirectory(prefix="coterie-model-") as temporary, warnings.catch_warnings():
        path = Path(temporary) / "model"
        # MLflow warns that it could infer the signature from type hints; it is given.
        warnings.simplefilter("ignore")
        save_model(
            path,
            python_model=str(Path(__file__).with_name("pyfunc.py")),
            artifacts={"artifact": str(folder)},
            model_config={"sha256": loaded.sha256},
            signature=signature(loaded),
            pip_requirements=[f"coterie=={installed('coterie')}", f"mlflow=={installed('mlflow')}"],
            mlflow_model=Model(
                artifact_path=logged.artifact_location,
                run_id=study.run_id,
                model_uuid=logged.model_id,
                model_id=logged.model_id,
            ),
        )
        forget_origin(path)
        client.log_model_artifacts(logged.model_id, str(path))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(study.run_id, [LoggedModelOutput(logged.model_id, step=0)])
    log_values(client, study.run_id, {}, metrics, model_id=logged.model_id)
    return str(logged.model_id)


def forget_origin(path: Path) -> None:
    """Replace the folders of this machine that MLflow writes into the file ``MLmodel``; loading needs none of them."""
    from mlflow.models import Model

    saved = Model.load(str(path))
    flavor = saved.flavors["python_function"]
    flavor["model_code_path"] = Path(flavor["model_code_path"]).name
    for artifact_ in flavor["artifacts"].values():
        artifact_["uri"] = artifact_["path"]
    saved.save(str(path / "MLmodel"))


def signature(loaded: artifact.Loaded) -> Any:
    """The model's signature: names and types of the answers.

    Inputs are left out, because MLflow would refuse a count of integers, drop the text that indicators are made of, and
    print the rows in its error. ``artifact.table`` checks them.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    features = loaded.model.features
    no_rows = pd.DataFrame(np.empty((0, len(features))), columns=list(features))
    answer = artifact.table(loaded.model, no_rows)
    kinds = {name: "double" if kind == np.float64 else "string" for name, kind in answer.dtypes.items()}
    return ModelSignature(outputs=Schema([ColSpec(kind, str(name)) for name, kind in kinds.items()]))


def ensure_registered(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def version_of_run(client: "MlflowClient", name: str, run_id: str) -> Version | None:
    """The newest version of the model ``name`` that the run registered, or None."""
    found = [v for v in client.search_model_versions(f"name = '{name}'") if v.run_id == run_id]
    return as_version(max(found, key=lambda v: int(v.version))) if found else None


def as_version(found: Any) -> Version:
    return Version(found.name, str(found.version), str(found.run_id), found.tags.get("sha256", ""), dict(found.tags))


def aliased(stores: Stores, name: str, alias: str) -> Version | None:
    """The version of the model ``name`` with this alias, or None."""
    return aliased_version(open_client(stores), name, alias)


def aliased_version(client: "MlflowClient", name: str, alias: str) -> Version | None:
    return version_or_none(lambda: client.get_model_version_by_alias(name, alias))


def version_named(client: "MlflowClient", name: str, number: str) -> Version | None:
    """The version of this number, or None."""
    return version_or_none(lambda: client.get_model_version(name, number))


def version_or_none(ask: Callable[[], Any]) -> Version | None:
    """The version that the registry answers with; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        return as_version(ask())
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


@dataclass(frozen=True)
class Champion(Version):
    """The version with the alias ``champion``, and the local folder of its plain artifact."""

    folder: Path


def champions(stores: Stores) -> dict[str, Champion]:
    """Every registered model that has a champion, by name; artifacts of a remote server are downloaded."""
    if not has_runs(stores):
        return {}
    client = open_client(stores)
    found = [aliased_version(client, model.name, CHAMPION) for model in client.search_registered_models()]
    return {
        each.name: Champion(**vars(each), folder=artifact_folder(client, each))
        for each in sorted((each for each in found if each), key=lambda each: each.name)
    }


def has_runs(stores: Stores) -> bool:
    """False if the database is a file that does not exist; asking then creates none."""
    return not is_sqlite(stores.tracking_uri) or sqlite_path(stores.tracking_uri).exists()


def artifact_folder(client: "MlflowClient", version: Version) -> Path:
    """The local folder of the version's plain artifact, after checking its hashes; do not write to it.

    Raises:
        NotFound: the artifact was deleted.
        BadArtifact: some of its files were, or they are not what was saved.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    source = client.get_model_version_download_uri(version.name, version.version)
    try:
        folder = Path(download_artifacts(f"{source}/{ARTIFACT}", tracking_uri=client.tracking_uri))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise NotFound(f"the artifacts of {version.name} version {version.version} are gone: {RESTORE}") from error
    try:
        artifact.load(folder, version.sha256)
    except BadArtifact as error:
        found = str(error).partition(":")[0]
        raise BadArtifact(
            f"the artifacts of {version.name} version {version.version} are damaged ({found}): {RESTORE}"
        ) from error
    return folder


def fetch_artifact(stores: Stores, version: Version, into: Path) -> Path:
    """Copy the version's plain artifact into the new folder ``into``, after checking its hashes."""
    return Path(shutil.copytree(artifact_folder(open_client(stores), version), into))


def champion_model(stores: Stores, name: str) -> artifact.Loaded | None:
    """The model with the alias ``champion``; None without one, or if its artifacts were deleted or damaged."""
    if not has_runs(stores):
        return None
    client = open_client(stores)
    champion = aliased_version(client, name, CHAMPION)
    if champion is None:
        return None
    try:
        return artifact.load(artifact_folder(client, champion), champion.sha256)
    except (NotFound, BadArtifact):
        return None
