"""The nightly job: a run killed at any step is finished by the next."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.simulation.simulate import simulate
from pipelines.sources.source import EXAMPLES
from tests.journeys.state import state

STUDY = Path(__file__).parent / "studies" / "next_purchase.toml"
SOURCE = """
name = "orders_alone"
title = "The orders of a simulated shop"
[files]
order_lines = "orders-*.csv"
"""

# Runs the real command once for each place and dies there, as a killed process does, right before or right after the
# first call of one function; without a place it is not killed. Each run is a fork of a process that has imported the
# libraries and done nothing else: importing MLflow and mapping its tables would take most of each run.
KILLER = """
import importlib, json, os, sys
import bentoml, lightgbm, matplotlib.pyplot, mlflow.pyfunc, optuna, polars, scipy.stats, sklearn.metrics, sqlalchemy.orm
import mlflow.store.model_registry.sqlalchemy_store, mlflow.store.tracking.sqlalchemy_store, optuna.storages._rdb.models
from features.families import families
from models.learners import learners
from pipelines import cli
import pipelines.steps.retrain

families(), learners(), sqlalchemy.orm.configure_mappers()

def die_at(module, function, when):
    module = importlib.import_module(module)
    real = getattr(module, function)

    def killed(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        os._exit(9)

    setattr(module, function, killed)

for name, home, place in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        if place:
            die_at(*place)
        sys.argv = ["coterie", "retrain", "--home", home, *sys.argv[2:]]
        cli.main()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != (9 if place else 0):
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


def write_shop(folder: Path) -> None:
    """A source of orders alone: what is killed is the same with more tables, and takes several times as long."""
    simulate(folder, customers=400, days=300, seed=5)
    (folder / "source.toml").write_text(SOURCE)
    shutil.copy(EXAMPLES / "simulated" / "orders.sql", folder)


def test_a_retrain_killed_at_every_step_in_turn_ends_in_the_same_state(tmp_path: Path) -> None:
    write_shop(tmp_path / "shop")
    undisturbed, killed = (str(tmp_path / name) for name in ("undisturbed", "killed"))
    runs = [
        ("undisturbed", undisturbed, None),
        *((name, killed, place) for name, place in PLACES.items()),
        ("the last", killed, None),
    ]
    command = [sys.executable, "-c", KILLER, json.dumps(runs), "--source", tmp_path / "shop", "--study", STUDY]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert state(Path(killed)) == state(Path(undisturbed))
