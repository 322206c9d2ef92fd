"""Servers on the workspace: the BentoML service and the MLflow UI, on loopback unless told otherwise."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.tracking import open_client
from features.errors import NotFound
from pipelines.steps import stores
from pipelines.workspace import Workspace
from serving.launch import command, environment

START_SECONDS = 90


def service_environment(home: Workspace) -> dict[str, str]:
    """The service's environment on the current bundle; NotFound if none was published."""
    bundle = home.require("bundles").resolve()
    home.bento_home.mkdir(parents=True, exist_ok=True)
    return {**environment(bundle), "BENTOML_HOME": str(home.bento_home)}


def replace_by_service(home: Workspace, host: str, port: int) -> None:
    """Become the service; returns only by an error."""
    start = command(host, port)
    os.execve(start[0], start, service_environment(home))


def replace_by_ui(home: Workspace, host: str, port: int) -> None:
    """Become the MLflow UI on the workspace's tracking store, which is created first if there is none."""
    open_client(stores(home))
    start = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    start += ["--backend-store-uri", home.tracking_uri, "--default-artifact-root", str(home.artifact_root)]
    os.execve(start[0], start, {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})


@contextmanager
def running_service(home: Workspace) -> Iterator[str]:
    """The service on a free loopback port for as long as the block lasts; yields its address.

    Raises:
        NotFound: it did not come up; its log says why.
    """
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    log = home.home / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port=port), env=service_environment(home), stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(address, process, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def ask(address: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON answer to one question: POST with a body, GET without."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise NotFound(f"the service did not come up within {START_SECONDS} s: its log is {log}")
