"""``coterie ui``: the MLflow UI on the workspace, on loopback unless another host is given."""

import os
import sys

from experiments.tracking.runs import open_client
from experiments.tracking.stores import artifacts_beside, is_sqlite
from pipelines.steps.serve import require_free_port, warn_beyond_loopback
from pipelines.workspace import Workspace


def replace_by_ui(workspace: Workspace, host: str, port: int) -> None:
    """Become the MLflow UI on the workspace's tracking store, which is created first if there is none."""
    open_client(workspace.stores)
    start = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    start += ["--backend-store-uri", workspace.tracking_uri, *artifacts(workspace)]
    require_free_port(host, port)
    warn_beyond_loopback(host, "and change all runs and models")
    os.execve(start[0], start, {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})


def artifacts(workspace: Workspace) -> list[str]:
    """The server's arguments for artifacts: the folder beside an SQLite database, a database server's own locations."""
    if is_sqlite(workspace.tracking_uri):
        return ["--artifacts-destination", str(artifacts_beside(workspace.tracking_uri))]
    return ["--default-artifact-root", str(workspace.stores.artifact_uri)]
