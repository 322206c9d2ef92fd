"""The nightly job: a run killed at any step is finished by the next."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.state import state

STUDIES = Path(__file__).parent / "studies"
STUDY = STUDIES / "next_purchase.toml"

# Runs the real command once for each place and dies there, as a killed process does, right before or right after the
# first call of one function. Each run is a fork of a process that has imported the libraries and done nothing else.
KILLER = """
import importlib, json, os, sys
import bentoml, lightgbm, mlflow, optuna, polars, sklearn.metrics
from pipelines import cli
import pipelines.steps.retrain

def die_at(module, function, when):
    module = importlib.import_module(module)
    real = getattr(module, function)

    def killed(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        os._exit(9)

    setattr(module, function, killed)
    cli.main()

home, study, places = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sys.argv = ["coterie", "retrain", "--home", home, "--source", "simulated", "--study", study]
for name, place in places.items():
    child = os.fork()
    if child == 0:
        die_at(*place)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 9:
        sys.exit(f"{name}: ended with {status}")
"""

# Each run goes on where the one before was killed, so every place is reached with the earlier steps done.
PLACES = {
    "in ingest, with the draft written": ("pipelines.workspace", "_flush", "before"),
    "in train, before the first trial": ("pipelines.steps.train", "run_study", "before"),
    "in train, before the artifact is logged": ("experiments.tracking.registry", "log_pyfunc", "before"),
    "in train, registered but not finished": ("experiments.run", "register", "after"),
    "in promote, judged but the alias not moved": ("experiments.gate", "write_verdict", "after"),
    "in publish, with the answers still unsorted": ("serving.every_answer", "write_sorted", "before"),
    "in publish, with every answer but no manifest": ("serving.publication", "version_of", "before"),
    "in publish, with the draft written": ("pipelines.workspace", "_flush", "before"),
    "in publish, before the model store": ("pipelines.steps.publish", "put_in_store", "before"),
    "in score, with the draft written": ("pipelines.workspace", "_flush", "before"),
    "after score": ("pipelines.steps.retrain", "score_all", "after"),
}


@pytest.fixture(scope="module")
def raw_shop(tmp_path_factory: pytest.TempPathFactory, coterie) -> Path:
    home = tmp_path_factory.mktemp("raw")
    coterie("simulate", "--home", home, "--customers", 400, "--days", 300, "--seed", 5)
    return home


@pytest.fixture(scope="module")
def undisturbed(raw_shop: Path, tmp_path_factory: pytest.TempPathFactory, coterie) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(raw_shop, home)
    coterie("retrain", "--home", home, "--source", "simulated", "--study", STUDY)
    return state(home)


def test_a_retrain_killed_at_every_step_in_turn_ends_in_the_same_state(
    raw_shop: Path, undisturbed: dict[str, Any], tmp_path: Path, coterie
) -> None:
    home = tmp_path / "home"
    shutil.copytree(raw_shop, home)
    arguments = [sys.executable, "-c", KILLER, home, STUDY, json.dumps(PLACES)]
    killed = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=600)
    assert killed.returncode == 0, killed.stderr[-2000:]
    coterie("retrain", "--home", home, "--source", "simulated", "--study", STUDY)
    assert state(home) == undisturbed
