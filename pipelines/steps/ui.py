"""``coterie ui``: the MLflow UI on the workspace, on loopback unless another host is given."""

import os
import sys

from experiments.tracking.addresses import tables_of_runs
from experiments.tracking.runs import open_client
from experiments.tracking.stores import artifacts_beside, is_sqlite
from pipelines.steps.serve import require_free_port, warn_beyond_loopback
from pipelines.workspace import Workspace
from serving.launch import SAFE_PATH

# Job runners evaluate GenAI traces, of which there are none.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def replace_by_ui(workspace: Workspace, host: str, port: int) -> None:
    """Become the MLflow UI on the workspace's tracking store, which is created first if there is none."""
    client = open_client(workspace.stores)
    start = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    start += artifacts(workspace)
    require_free_port(host, port)
    for name, address in tables_of_runs(client, f"http://{host}:{port}").items():
        print(f"coterie: runs of {name}: {address}", file=sys.stderr, flush=True)
    warn_beyond_loopback(host, "and change all runs and models")
    # In the environment, because every user of the machine can read a command line, and a password in it.
    store = {"MLFLOW_BACKEND_STORE_URI": workspace.tracking_uri}
    os.execve(start[0], start, {**os.environ, **SAFE_PATH, **ENVIRONMENT, **store})


def artifacts(workspace: Workspace) -> list[str]:
    """The server's arguments for artifacts: the folder beside an SQLite database, a database server's own locations."""
    if is_sqlite(workspace.tracking_uri):
        return ["--artifacts-destination", str(artifacts_beside(workspace.tracking_uri))]
    return ["--default-artifact-root", str(workspace.stores.artifact_uri)]
