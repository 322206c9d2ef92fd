"""Several workspaces on one PostgreSQL server: runs, registry and searches, and two retrains at once.

It starts a server of its own in a temporary folder and takes a minute or two, so it is run by ``make slow`` only.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.tracking.registry import champions
from experiments.tracking.stores import Stores
from tests.journeys.conftest import run_coterie, studies

pytestmark = pytest.mark.slow

DATABASES = ("runs", "searches")


def program(name: str) -> str:
    """A program of PostgreSQL; Debian keeps ``initdb`` and ``pg_ctl`` off the path."""
    found = shutil.which(name) or next((str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    return found or pytest.skip(f"{name} is not installed: install PostgreSQL's server to run this journey")


def owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; then an unprivileged user runs it."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    return {"user": next(name for name in ("postgres", "nobody") if name in names), "group": None, "extra_groups": []}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a running server without databases, ``postgresql://coterie@127.0.0.1:PORT``."""
    pytest.importorskip("psycopg", reason="the driver is not installed: pip install 'coterie[postgres]'")
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    folder, port, user = Path(tempfile.mkdtemp(prefix="coterie-postgresql-")), free_port(), owner()
    data, log = folder / "data", folder / "log"
    if user:
        shutil.chown(folder, user["user"])
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    try:
        subprocess.run([initdb, "-D", data, "-U", "coterie", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet)
        subprocess.run([pg_ctl, "-D", data, "-l", log, "-o", options, "-w", "start"], **quiet)
        try:
            yield f"postgresql://coterie@127.0.0.1:{port}"
        finally:
            subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def addresses(server: str) -> dict[str, str]:
    """The environment that moves runs and searches to the server, as docs/postgresql.md says."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in DATABASES:
            connection.execute(f"CREATE DATABASE {name}".encode())
    return {"MLFLOW_TRACKING_URI": f"{server}/runs", "OPTUNA_STORAGE": f"{server}/searches"}


def test_two_retrains_at_once_end_with_one_champion_and_both_publish(
    addresses: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "raw"
    run_coterie("simulate", "--home", tmp_path / "shop", "--customers", 1300, "--days", 400, "--seed", 3)
    shutil.move(tmp_path / "shop" / "raw" / "simulated" / "raw", raw)
    for name, value in addresses.items():
        monkeypatch.setenv(name, value)
    homes = [tmp_path / "one", tmp_path / "two"]
    coterie = str(Path(sys.executable).with_name("coterie"))
    arguments = ["--source", "simulated", "--raw", str(raw), "--trials", "1", *studies("churn")]
    running = [
        subprocess.Popen([coterie, "retrain", "--home", str(home), *arguments], stderr=subprocess.PIPE, text=True)
        for home in homes
    ]
    errors = [process.communicate(timeout=1800)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    assert any("waiting for another process" in text for text in errors)

    stores = Stores(addresses["MLFLOW_TRACKING_URI"], str(homes[0] / "mlartifacts"), addresses["OPTUNA_STORAGE"])
    assert {name: champion.version for name, champion in champions(stores).items()} == {"churn": "1"}
    assert len({(home / "bundles" / "CURRENT").read_text() for home in homes}) == 1
    assert not [path for home in homes for path in home.glob("*.db")]

    again = run_coterie("retrain", "--home", homes[1], *arguments)
    assert again["changed"] is False
    assert "nothing new" in again["message"]
    assert "***" not in run_coterie("report", "--home", homes[0])["places"]["runs"]
