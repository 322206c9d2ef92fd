"""Segments of a shop that has gone the whole road: cards over HTTP, and who moved between two dates."""

import csv
import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.workspace import Workspace
from serving.bundle import load_bundle
from tests.journeys.conftest import run_inside


@pytest.fixture(scope="module")
def copy(shop: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The shop in another place, to write into."""
    return Workspace(Path(shutil.copytree(shop.home, tmp_path_factory.mktemp("copy") / "workspace")))


def page(address: str, path: str) -> Any:
    with urllib.request.urlopen(f"{address}{path}", timeout=30) as reply:
        return json.load(reply)


def test_every_segment_has_a_card_and_an_unknown_one_a_sentence(address: str) -> None:
    listed = page(address, "/segments")
    assert {event["kind"] for event in listed["ledger"]} == {"born"}
    for segment in listed["segments"]:
        card = page(address, f"/segments/{segment['id']}")
        assert segment.items() <= card.items()
        if segment["size"] >= 10 and segment["id"] != "s0":
            assert card["economics"]["customers"] == segment["size"]
            assert card["sets_apart"]
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        page(address, "/segments/none")
    assert "known are" in json.load(refused.value)["error"]


def test_a_model_says_whether_its_segments_are_sound(address: str) -> None:
    assert set(page(address, "/models")["models"]["segments"]["soundness"]) == {"verdict", "reason"}


def test_under_one_model_only_behaviour_moves_and_everybody_is_counted_once(copy: Workspace) -> None:
    found = run_inside("migration", "2024-11-01", "2025-02-01", "--home", copy.home)
    sums, folder = found["totals"], Path(found["folder"])
    assert sums["moved_by_model"] == 0
    assert sums["stayed"] + sums["moved_by_behaviour"] + sums["new"] == sums["customers"]
    assert 0 < sums["idle_movers"] < sums["idle"]
    with (folder / "migration.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["customers"]) for row in rows) == sums["customers"]
    assert all((row["spend"] != "") == (int(row["customers"]) >= 5) for row in rows)
    assert all(row["by_behaviour"] == row["to"] for row in rows)
    assert {path.name for path in folder.iterdir()} == {"migration.csv", "migration.json", "migration.png"}


def test_on_one_date_nobody_behaves_and_everybody_is_in_the_published_segment(copy: Workspace) -> None:
    bundle = load_bundle(copy.require("bundles"))
    day = run_inside("report", "--home", copy.home)["as_of"][:10]
    found = run_inside("migration", day, day, "--home", copy.home)
    sums = found["totals"]
    assert (sums["customers"], sums["stayed"]) == (len(bundle.answers), len(bundle.answers))
    assert (sums["new"], sums["moved_by_behaviour"], sums["moved_by_model"]) == (0, 0, 0)
    sizes = {each.id: each.size for each in bundle.models["segments"].model.catalogue if each.size}
    assert {row["to"]: row["customers"] for row in found["flows"]} == sizes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["2024-11-01", "yesterday"], "'yesterday' is no date: write it as 2026-01-31"),
        (["2024-11-01", "2019-01-01"], "2019-01-01 is outside the orders: give dates from"),
        (["2025-01-01", "2024-12-01"], "2025-01-01 is after 2024-12-01: give the earlier date first"),
        (["2024-11-01", "2024-12-01", "--to-version", "99"], "segments has no version 99"),
        (["2024-11-01", "2024-12-01", "--study", "churn"], "churn predicts, migration is between segments"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(copy: Workspace, arguments: list[str], sentence: str) -> None:
    done = CliRunner().invoke(app, ["migration", *arguments, "--home", str(copy.home)])
    assert done.exit_code == 1
    assert sentence in done.output
