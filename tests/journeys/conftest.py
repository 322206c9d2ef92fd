"""A small simulated shop that has gone the whole road once, through the command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.steps.serve import running_service
from pipelines.workspace import Workspace

COTERIE = str(Path(sys.executable).with_name("coterie"))


def run_coterie(*arguments: object) -> dict[str, Any]:
    """The JSON result of one command; fails with the command's error."""
    done = subprocess.run([COTERIE, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def studies(*names: str) -> list[str]:
    """Arguments for small studies: two trials, one test cutoff, few baselines to beat."""
    return [part for name in names for part in ("--study", str(Path(__file__).parent / "studies" / f"{name}.toml"))]


@pytest.fixture(scope="session")
def coterie() -> Callable[..., dict[str, Any]]:
    return run_coterie


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with champions, a bundle and scores; read only."""
    home = tmp_path_factory.mktemp("shop")
    run_coterie("simulate", "--home", home, "--customers", 1300, "--days", 400, "--seed", 3)
    names = ("segments", "churn", "next_purchase", "value")
    run_coterie("retrain", "--home", home, "--source", "simulated", *studies(*names))
    return Workspace(home)


@pytest.fixture(scope="session")
def address(shop: Workspace):
    """The running service on the shop's bundle."""
    with running_service(shop) as url:
        yield url
