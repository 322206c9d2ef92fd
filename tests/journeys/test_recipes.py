"""Every recipe from an export to an answer over HTTP: what its owner types, on as many people as a study asks for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.sources import load_source
from pipelines.steps import serve
from pipelines.steps.serve import ask, running_service
from pipelines.workspace import Workspace
from tests.journeys.conftest import studies
from tests.journeys.exports import exporters
from tests.journeys.exports.shop import Shop, made_up

EXPORTERS = exporters()
TRIALS = 8
"""As many as it takes to find the few groups that the made-up people fall into."""
KEYS = {"segments": "segment"}
"""The key of a study's answer, where it is not the study's name."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop() -> Shop:
    return made_up(people_n=500, days=548)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown here is an answer, not how soon: the machine may have other work."""
    monkeypatch.setattr(serve, "START_SECONDS", 600)


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_recipe_goes_from_its_export_to_an_answer(name: str, shop: Shop, tmp_path: Path) -> None:
    exporter, raw, home = EXPORTERS[name], tmp_path / "export", tmp_path / "home"
    raw.mkdir()
    exporter.write(shop, raw)
    assert _coterie("check", name, "--raw", raw)["fits"]
    done = _coterie(
        "retrain", "--home", home, "--source", name, "--raw", raw, *studies(*exporter.ASKED), "--trials", TRIALS
    )
    outcomes = {Path(study).stem: outcome for study, outcome in done["studies"].items()}
    assert set(outcomes) == set(exporter.ASKED)
    assert all(outcome["promoted"] for outcome in outcomes.values()), outcomes
    tables = {path.stem for path in Workspace(home).require("canonical").glob("*.parquet")}
    assert tables == set(load_source(name).sql)
    with running_service(Workspace(home)) as address:
        people = [next(p for p in shop.people if p.kind == kind) for kind in ("often", "seldom", "lead")]
        ids = [exporter.customer_id(person) for person in people]
        answered = ask(address, "/predict", {"customer_ids": ids})
        often, seldom, *leads = answered["answers"]
    print(json.dumps({"recipe": name, "outcomes": outcomes, "often": often, "seldom": seldom, "leads": leads}))
    # Who never bought is known only to models about everybody.
    assert (answered["unknown"] == ids[2:]) == ("first_order" not in exporter.ASKED)
    assert {KEYS.get(study, study) for study in exporter.ASKED} <= set(often)
    assert often["segment"]["id"] != seldom["segment"]["id"]
    assert 0 <= often["churn"]["probability"] < 0.3
    if "first_order" in exporter.ASKED:
        assert 0 <= leads[0]["first_order"]["probability"] < 0.5


def _coterie(*arguments: object) -> dict[str, Any]:
    """The JSON result of one command of this tree; fails with the command's error."""
    command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result
