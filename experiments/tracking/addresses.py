"""Addresses of pages of the MLflow UI, as ``coterie ui`` serves them.

Without ``workflowType`` the UI opens an experiment's GenAI traces instead of its runs. Which columns the table of runs
shows is a view stored as a tag of the experiment, as the UI's own "Share" button stores one.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCAL = "http://127.0.0.1:5000"
VIEW = "coterie"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
TRAINING = "workflowType=machine_learning"


def server_address(tracking_uri: str) -> str:
    """The address of the UI: that of the tracking server, else where ``coterie ui`` listens by default.

    >>> server_address("https://user:secret@runs.example.com/mlflow/"), server_address("sqlite:///mlflow.db")
    ('https://runs.example.com/mlflow', 'http://127.0.0.1:5000')
    """
    parts = urlsplit(tracking_uri)
    if parts.scheme not in {"http", "https"}:
        return LOCAL
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def run_address(server: str, experiment_id: str, run_id: str) -> str:
    """The page of one run.

    >>> run_address(LOCAL, "1", "ab12")
    'http://127.0.0.1:5000/#/experiments/1/runs/ab12?workflowType=machine_learning'
    """
    return f"{server}/#/experiments/{experiment_id}/runs/{run_id}?{TRAINING}"


def runs_address(server: str, experiment_id: str) -> str:
    """The table of an experiment's runs, with the columns of :func:`choose_columns`."""
    return f"{server}/#/experiments/{experiment_id}/runs?{TRAINING}&viewStateShareKey={VIEW}"


def choose_columns(client: "MlflowClient", experiment_id: str, metrics: Iterable[str], params: Iterable[str]) -> None:
    """Let the table of runs show these metrics and parameters, newest runs first.

    Another order than by start would list baselines without a click, but the UI then drops the columns; which runs are
    expanded is something it ignores in a stored view.
    """
    columns = [f"metrics.`{name}`" for name in metrics] + [f"params.`{name}`" for name in params]
    view = {"selectedColumns": columns, "orderByKey": "attributes.start_time", "orderByAsc": False}
    client.set_experiment_tag(experiment_id, VIEW_TAG, json.dumps(view))


def tables_of_runs(client: "MlflowClient", server: str) -> dict[str, str]:
    """The address of each study's table of runs, by its experiment's name; the study that was run last comes first."""
    found = [each for each in client.search_experiments(order_by=["name ASC"]) if VIEW_TAG in each.tags]
    found.sort(key=lambda each: -last_start(client, each.experiment_id))
    return {each.name: runs_address(server, each.experiment_id) for each in found}


def last_start(client: "MlflowClient", experiment_id: str) -> int:
    """When the newest run of an experiment started, milliseconds since 1970; 0 without runs."""
    newest = client.search_runs([experiment_id], order_by=["attributes.start_time DESC"], max_results=1)
    return int(newest[0].info.start_time) if newest else 0


def experiments_address(server: str) -> str:
    """The list of all experiments."""
    return f"{server}/#/experiments?{TRAINING}"
