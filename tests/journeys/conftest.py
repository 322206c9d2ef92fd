"""A small simulated shop that has gone the whole road once, through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.steps.serve import running_service
from pipelines.workspace import Workspace

COTERIE = str(Path(sys.executable).with_name("coterie"))


def run_coterie(*arguments: object) -> dict[str, Any]:
    """The JSON result of one command; fails with the command's error."""
    done = subprocess.run([COTERIE, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def run_inside(*arguments: object) -> dict[str, Any]:
    """Like ``run_coterie`` in this process, which need not import everything again; its environment stays as it was."""
    with patch.dict(os.environ):
        done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def studies(*names: str) -> list[str]:
    """Arguments for small studies: two trials, one test cutoff, few baselines to beat."""
    return [part for name in names for part in ("--study", str(Path(__file__).parent / "studies" / f"{name}.toml"))]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with champions, a bundle and scores; read only."""
    home = tmp_path_factory.mktemp("shop")
    run_inside("simulate", "--home", home, "--customers", 700, "--days", 400, "--seed", 3)
    names = ("segments", "churn", "next_purchase", "value")
    run_coterie("retrain", "--home", home, "--source", "simulated", *studies(*names))
    return Workspace(home)


@pytest.fixture(scope="session")
def address(shop: Workspace):
    """The running service on the shop's bundle."""
    with running_service(shop) as url:
        yield url
