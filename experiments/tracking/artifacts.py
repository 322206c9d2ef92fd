"""Where the artifacts of an SQLite database lie: in the folder beside it, by locations relative to that folder.

MLflow's locations ``mlflow-artifacts:/...`` name no folder and no machine: a tracking server resolves them below its
own folder of artifacts. Here the same is done where there is no server, so a workspace that was moved, copied or
restored finds its artifacts where it is now. MLflow finds :func:`repository` as a plug-in of the installed package.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from experiments.tracking.stores import RELATIVE, artifacts_beside, is_sqlite


def repository(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:
    """The artifacts at ``artifact_uri``: of the server at ``tracking_uri``, or beside its SQLite database.

    Raises:
        ValueError: the location points out of the folder of artifacts.
    """
    import mlflow
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    tracking_uri = tracking_uri or mlflow.get_tracking_uri()
    if not is_sqlite(tracking_uri):
        return MlflowArtifactsRepository(artifact_uri, tracking_uri, registry_uri)
    root = artifacts_beside(tracking_uri)
    folder = (root / unquote(urlsplit(artifact_uri).path).lstrip("/")).resolve()
    if not folder.is_relative_to(root):
        raise ValueError(f"{artifact_uri} is not below {root}")
    return LocalArtifactRepository(folder.as_uri(), tracking_uri, registry_uri)


def register_repository() -> None:
    """Do what the installed plug-in does, for a checkout that was installed before it had one."""
    from mlflow.store.artifact.artifact_repository_registry import get_registered_artifact_repositories

    repositories: dict[str, Any] = get_registered_artifact_repositories()
    repositories[RELATIVE.rstrip(":")] = repository
