"""Servers on the workspace: the BentoML service and the MLflow UI, on loopback by default."""

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from features.errors import BadInput, NotFound
from pipelines.workspace import Workspace
from serving.launch import LOOPBACK, command, environment
from serving.requests.hosts import is_loopback

START_SECONDS = 90


def service_environment(workspace: Workspace, hosts: Sequence[str] = (LOOPBACK,)) -> dict[str, str]:
    """The service's environment on the current bundle; requests may name ``hosts``. NotFound if none was published."""
    bundle = workspace.require("bundles").resolve()
    return {**environment(bundle, hosts), "BENTOML_HOME": str(writable_bento_home(workspace))}


def writable_bento_home(workspace: Workspace) -> Path:
    """BentoML's folder; a temporary one if the workspace is read-only, because BentoML makes folders on starting.

    The service reads the bundle where it was published, never from there.
    """
    home = workspace.bento_home
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    return home if os.access(home, os.W_OK) else Path(tempfile.mkdtemp(prefix="coterie-bentoml-"))


def replace_by_service(workspace: Workspace, host: str, port: int, allow_hosts: Sequence[str] = ()) -> None:
    """Become the service; returns only by an error."""
    start, env = command(host, port), service_environment(workspace, [host, *allow_hosts])
    require_free_port(host, port)
    warn_beyond_loopback(host, "customers' scores")
    os.execve(start[0], start, env)


def require_free_port(host: str, port: int) -> None:
    """BadInput if this process cannot listen there: a server would fail on its own, in a log of many lines."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise BadInput(f"{host} is no address of this machine: choose another --host") from None
        except OSError as error:
            cure = {errno.EADDRINUSE: "is in use: stop what listens there, or choose another with --port"}
            cure[errno.EADDRNOTAVAIL] = "is no address of this machine: choose another --host"
            what = cure.get(error.errno or 0, f"cannot be listened on ({error.strerror}): choose another with --port")
            raise BadInput(f"{host}, port {port}, {what}") from None


def warn_beyond_loopback(host: str, what: str) -> None:
    """One sentence on stderr if a server is about to listen to other machines."""
    if not is_loopback(host):
        print(
            f"coterie: listening on {host}, so whoever reaches this machine can read {what} without a password: "
            "leave --host out, or put a proxy that asks for one in front",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def running_service(workspace: Workspace) -> Iterator[str]:
    """The service on a free loopback port for as long as the block lasts; yields its address.

    Raises:
        NotFound: it did not come up; its log says why.
    """
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    log = workspace.home / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port=port), env=service_environment(workspace), stdout=out, stderr=subprocess.STDOUT
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
    import urllib.request  # which `coterie serve` does without

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
    import urllib.request

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise NotFound(f"the service did not come up within {START_SECONDS} s: its log is {log}")
