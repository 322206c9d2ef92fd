"""``coterie ui``: the MLflow UI on the workspace, on loopback unless another host is given."""

import os
import sys
from collections.abc import Mapping

from experiments.tracking.addresses import experiments_address, tables_of_runs
from experiments.tracking.runs import open_client
from experiments.tracking.stores import artifacts_beside, is_sqlite
from pipelines.steps.browser import open_when_ready, somebody_looks
from pipelines.steps.serve import require_free_port, warn_beyond_loopback
from pipelines.workspace import Workspace
from serving.launch import LOOPBACK, SAFE_PATH

# Job runners evaluate GenAI traces, of which there are none.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def replace_by_ui(workspace: Workspace, host: str, port: int, open_: bool | None = None) -> None:
    """Become the MLflow UI on the workspace's tracking store, which is created first if there is none.

    ``open_`` opens the newest study's table of runs in a browser; None does so where somebody is there to look.
    """
    client = open_client(workspace.stores)
    start = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    start += artifacts(workspace)
    require_free_port(host, port)
    server = here(host, port)
    tables = tables_of_runs(client, server)
    show(tables, server)
    warn_beyond_loopback(host, "and change all runs and models")
    if somebody_looks() if open_ is None else open_:
        open_when_ready(next(iter(tables.values()), experiments_address(server)))
    # In the environment, because every user of the machine can read a command line, and a password in it.
    store = {"MLFLOW_BACKEND_STORE_URI": workspace.tracking_uri}
    os.execve(start[0], start, {**os.environ, **SAFE_PATH, **ENVIRONMENT, **store})


def artifacts(workspace: Workspace) -> list[str]:
    """The server's arguments for artifacts: the folder beside an SQLite database, a database server's own locations."""
    if is_sqlite(workspace.tracking_uri):
        return ["--artifacts-destination", str(artifacts_beside(workspace.tracking_uri))]
    return ["--default-artifact-root", str(workspace.stores.artifact_uri)]


def here(host: str, port: int) -> str:
    """The server's address for a browser on this machine.

    >>> here("127.0.0.1", 5000), here("0.0.0.0", 5000), here("::1", 5000)
    ('http://127.0.0.1:5000', 'http://127.0.0.1:5000', 'http://[::1]:5000')
    """
    name = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def show(tables: Mapping[str, str], server: str) -> None:
    """Print where the runs of each study are."""
    head = "coterie: the MLflow UI, until you press Ctrl-C"
    lines = [f"{head}; each study's runs, its baselines under the + of a run:"]
    lines += [f"  {name:<{max(map(len, tables))}}  {address}" for name, address in tables.items()]
    nothing = f"{head}: {server}; no study is trained yet, `coterie train churn` trains one"
    print("\n".join(lines) if tables else nothing, file=sys.stderr, flush=True)
