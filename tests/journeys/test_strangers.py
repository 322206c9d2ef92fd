"""A stranger pastes every file that CONTRIBUTING.md shows, one of each kind, and takes all of them down the whole road.

Everything happens in a copy of the packages; the repository itself is only read.
"""

import csv
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from experiments.dataset import read_dataset
from features import plugins
from pipelines.audit import all_rules
from pipelines.cli import app
from pipelines.workspace import Workspace

REPO = Path(__file__).resolve().parents[2]
COPIED = ("features", "models", "experiments", "serving", "pipelines", "examples", "tests")
BLOCK = re.compile(r"Write to `(?P<path>[^`]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PASTED = {found["path"]: found["text"] for found in BLOCK.finditer((REPO / "CONTRIBUTING.md").read_text())}
PYTHON = [path for path in PASTED if path.endswith(".py")]
STUDIES = {Path(path).stem: path for path in PASTED if path.startswith("studies/")}
FIRST = datetime(2024, 1, 1, 9)

ROAD = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from pipelines.cli import app
from pipelines.steps.serve import ask, running_service
from pipelines.workspace import Workspace

home, raw, *studies = sys.argv[1:]
named = [part for study in studies for part in ("--study", study)]
command = ["retrain", "--source", "corner_shop", "--raw", raw, *named, "--trials", "1", "--home", home, "--json"]
done = CliRunner().invoke(app, command)
assert done.exit_code == 0, done.output
found = json.loads(done.stdout)
with running_service(Workspace(Path(home))) as address:
    found["answers"] = ask(address, "/predict", {"customer_ids": ["daily 0", "monthly 0", "gone 0"]})["answers"]
    found["models"] = ask(address, "/models")
print(json.dumps(found))
"""

pytestmark = pytest.mark.slow

SUITES = [f"tests/conformance/test_{kind}.py" for kind in (
    "families", "learners", "clusterers", "audit_rules", "sources", "tasks",
)]  # fmt: skip
ABOUT = " or ".join([*(Path(path).stem for path in PYTHON), "corner_shop", "row_order", "share_a_column"])
"""Tests by the name of what was pasted, and laws of all families together."""


def write_tickets(folder: Path) -> None:
    """A year of a shop whose customers are of four kinds that tell their future, and one line sold by weight."""
    rng = np.random.default_rng(11)
    kinds = {"daily": (6, 1, 365), "monthly": (28, 12, 365), "seldom": (65, 3, 365), "gone": (9, 2, 0)}
    rows = [["ticket", "client", "sold_on", "sku", "qty", "price"]]
    for kind, (gap, units, until) in kinds.items():
        for n in range(80):
            day, end = rng.uniform(0, gap), until or rng.uniform(60, 420)
            while day < min(end, 365):
                at = FIRST + timedelta(days=day, minutes=float(rng.uniform(0, 500)))
                price = f"{rng.uniform(4, 6):.2f}"
                rows.append([f"T{len(rows)}", f"{kind} {n}", f"{at:%Y-%m-%dT%H:%M:%S}", "mug", str(units), price])
                day += gap * rng.uniform(0.7, 1.3)
    rows.append(["T0", "daily 0", f"{FIRST + timedelta(days=40):%Y-%m-%dT%H:%M:%S}", "cheese", "1.5", "8.00"])
    with (folder / "tickets-2024.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)


class Stranger:
    """A copy of the repository with everything pasted, and a workspace."""

    def __init__(self, folder: Path) -> None:
        self.copy, self.home, self.raw = folder / "copy", folder / "home", folder / "raw"
        for name in COPIED:
            shutil.copytree(REPO / name, self.copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(REPO / "pyproject.toml", self.copy)
        for path, text in PASTED.items():
            (self.copy / path).parent.mkdir(parents=True, exist_ok=True)
            (self.copy / path).write_text(text)
        self.raw.mkdir()
        write_tickets(self.raw)

    def python(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run Python on the copied packages."""
        command = [sys.executable, *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(self.copy), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=self.copy, env=environment, capture_output=True, text=True, timeout=1800)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    before = {path: path.stat().st_mtime_ns for name in COPIED for path in (REPO / name).rglob("*.py")}
    yield Stranger(tmp_path_factory.mktemp("stranger"))
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.fixture(scope="module")
def road(stranger: Stranger) -> dict[str, Any]:
    done = stranger.python("-c", ROAD, stranger.home, stranger.raw, *STUDIES.values())
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_there_is_one_file_of_each_kind() -> None:
    assert set(STUDIES) == {"orders_ahead", "churn_forest", "groups"}
    folders = {str(Path(path).parent) for path in PASTED}
    assert folders == {
        "features/families",
        "models/tasks",
        "models/learners",
        "models/segments/clusterers",
        "pipelines/audit/rules",
        "examples/corner_shop",
        "studies",
    }
    assert not [path for path in PASTED if not path.startswith("studies/") and (REPO / path).exists()]


def test_what_is_pasted_passes_the_linter(stranger: Stranger) -> None:
    for command in (["check"], ["format", "--check"]):
        done = stranger.python("-m", "ruff", *command, "--no-cache", *PYTHON)
        assert done.returncode == 0, done.stdout


def test_every_study_is_trained_and_promoted(road: dict[str, Any]) -> None:
    outcomes = {Path(study).stem: outcome for study, outcome in road["studies"].items()}
    assert set(outcomes) == set(STUDIES)
    assert all(outcome["promoted"] for outcome in outcomes.values()), outcomes


def test_the_service_answers_with_every_model(road: dict[str, Any]) -> None:
    daily, monthly, gone = road["answers"]
    assert daily["orders_ahead"]["unit"] == "orders"
    assert daily["orders_ahead"]["expected"] > 2 * monthly["orders_ahead"]["expected"] > 0
    assert daily["orders_ahead"]["low"] <= daily["orders_ahead"]["high"]
    assert 0 < daily["churn_forest"]["probability"] < 0.3
    assert gone["churn_forest"]["probability"] is None or gone["churn_forest"]["probability"] > 0.5
    assert daily["segment"]["id"] != monthly["segment"]["id"]
    assert 0 <= daily["segment"]["strength"] <= 1


@pytest.mark.usefixtures("road")
def test_the_family_is_in_the_dataset_and_on_its_page(stranger: Stranger) -> None:
    (folder,) = (stranger.home / "datasets").glob("orders_ahead-*")
    rows = read_dataset(folder).frame
    monthly = rows[rows["customer_id"].str.startswith("monthly")]
    assert monthly["bulk_order_share"].unique().tolist() == [1.0]
    page = stranger.python("-m", "features.families").stdout
    assert "| `bulk_orders_n` | Sale orders of ten units or more; 0 if none. |" in page


@pytest.mark.usefixtures("road")
def test_the_rule_fires_and_the_source_loses_no_row(stranger: Stranger) -> None:
    canonical = Workspace(stranger.home).require("canonical")
    with (stranger.raw / "tickets-2024.csv").open() as file:
        assert pl.read_parquet(canonical / "orders.parquet").height == len(list(file)) - 1
    findings = {found["code"]: found for found in json.loads((canonical / "audit.json").read_text())["findings"]}
    assert findings["orders.not_whole_quantity"]["count"] == 1


def test_the_conformance_suites_find_and_pass_what_was_pasted(stranger: Stranger) -> None:
    done = stranger.python("-m", "pytest", *SUITES, "-q", "-p", "no:cacheprovider", "-k", ABOUT)
    assert done.returncode == 0, done.stdout[-3000:]


UNFINISHED = {
    "features.families": (["dataset", "segments", "--home", "{home}"], "family", "constant NEEDS"),
    "models.targets": (["train", "churn"], "target", "constant LOSS"),
    "models.tasks": (["train", "churn"], "task", "constant OUTCOME"),
    "models.learners": (["train", "churn"], "learner", "function fit(sample, params, seed)"),
    "models.segments.clusterers": (["train", "segments"], "clusterer", "function fit(X, Z, params, seed, memory)"),
    "pipelines.audit.rules": (["ingest", "{source}", "--raw", "{raw}"], "rule", "constant CODE"),
}
"""Folders of plug-ins, each with a command that looks into it and what an empty file there lacks first."""


@pytest.fixture
def scanned_anew() -> Iterator[None]:
    """Plug-ins are scanned in this test, and again after it."""
    plugins._scan.cache_clear()
    all_rules.cache_clear()
    yield
    plugins._scan.cache_clear()
    all_rules.cache_clear()


@pytest.mark.usefixtures("road", "scanned_anew")
@pytest.mark.parametrize("package", UNFINISHED)
def test_a_file_that_lacks_something_is_one_sentence_that_names_it(
    package: str, stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = importlib.import_module(package)
    file = tmp_path / "unfinished.py"
    file.write_text('"""Nothing yet."""\n')
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    monkeypatch.setenv("COTERIE_HOME", str(tmp_path / "home"))
    command, kind, lacks = UNFINISHED[package]
    places = {"home": stranger.home, "raw": stranger.raw, "source": stranger.copy / "examples" / "corner_shop"}
    done = CliRunner().invoke(app, [part.format(**places) for part in command])
    sys.modules.pop(f"{package}.unfinished")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"coterie: {kind} {package}.unfinished lacks {lacks}")
    assert f"define in {file}" in done.stderr
    assert done.stderr.count("\n") == 1
