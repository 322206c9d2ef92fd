"""``coterie ui``: the MLflow UI on the workspace, on loopback unless another host is given."""

import os
import sys

from experiments.tracking.addresses import tables_of_runs
from experiments.tracking.runs import open_client
from pipelines.steps.serve import warn_beyond_loopback
from pipelines.workspace import Workspace

# Job runners evaluate GenAI traces, of which there are none.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def replace_by_ui(workspace: Workspace, host: str, port: int) -> None:
    """Become the MLflow UI on the workspace's tracking store, which is created first if there is none."""
    client = open_client(workspace.stores)
    for name, address in tables_of_runs(client, f"http://{host}:{port}").items():
        print(f"coterie: runs of {name}: {address}", file=sys.stderr, flush=True)
    start = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    start += ["--backend-store-uri", workspace.tracking_uri, "--default-artifact-root", str(workspace.artifact_root)]
    warn_beyond_loopback(host, "and change all runs and models")
    os.execve(start[0], start, {**os.environ, **ENVIRONMENT})
