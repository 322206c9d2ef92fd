"""The nightly job: nothing new changes nothing, and a run killed at any step is finished by the next."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from experiments.tracking.registry import champions
from pipelines.workspace import Workspace
from serving.bundle import load_bundle

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
    "after ingest": ("pipelines.steps.retrain", "ingest_step", "after"),
    "after dataset": ("pipelines.steps.train", "build_dataset", "after"),
    "in train, before the first trial": ("pipelines.steps.train", "run_study", "before"),
    "in train, before the artifact is logged": ("experiments.tracking.registry", "log_pyfunc", "before"),
    "in train, registered but not finished": ("experiments.run", "register", "after"),
    "after train": ("pipelines.steps.retrain", "train_step", "after"),
    "in promote, judged but the alias not moved": ("experiments.gate", "write_verdict", "after"),
    "after promote": ("pipelines.steps.retrain", "promote_step", "after"),
    "in publish, with the answers still unsorted": ("serving.every_answer", "write_sorted", "before"),
    "in publish, with every answer but no manifest": ("serving.publication", "version_of", "before"),
    "in publish, with the draft written": ("pipelines.workspace", "_flush", "before"),
    "in publish, before the model store": ("pipelines.steps.publish", "put_in_store", "before"),
    "after publish": ("pipelines.steps.retrain", "publish_bundle", "after"),
    "in score, with the draft written": ("pipelines.workspace", "_flush", "before"),
    "after score": ("pipelines.steps.retrain", "score_all", "after"),
}


def state(home: Path) -> dict[str, Any]:
    """All that is in force: hashes of champions, the bundle, every score."""
    workspace = Workspace(home)
    scores = pq.read_table(workspace.require("scores") / "scores.parquet")
    return {
        "canonical": workspace.require("canonical").name,
        "champions": {name: champion.sha256 for name, champion in champions(workspace.stores).items()},
        "bundle": workspace.require("bundles").name,
        "scores": scores.to_pylist(),
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


def test_nothing_new_changes_nothing_and_says_so(shop: Workspace, coterie) -> None:
    before = state(shop.home)
    again = [part for name in ("segments", "churn", "next_purchase") for part in ("--study", STUDIES / f"{name}.toml")]
    result = coterie("retrain", "--home", shop.home, *again)
    assert result["changed"] is False
    assert result["message"].startswith("nothing new")
    assert state(shop.home) == before


def test_the_report_counts_every_column_that_a_model_reads(shop: Workspace, coterie) -> None:
    read = coterie("report", "--home", shop.home)["features"]
    models = load_bundle(shop.require("bundles")).models
    assert {name: sum(of[name] for of in read.values()) for name in models} == {
        name: len(loaded.manifest["features"]) for name, loaded in models.items()
    }
