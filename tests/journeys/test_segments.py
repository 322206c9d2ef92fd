"""Segments of a shop that has gone the whole road: cards over HTTP, and who moved between two dates."""

import csv
import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from experiments.tracking.runs import open_client
from experiments.tracking.trained import ERASURE_DUE
from pipelines.cli import app
from pipelines.steps.retrain import staleness_of_champion
from pipelines.studies import find_study
from pipelines.workspace import Workspace
from serving.bundle import load_bundle
from tests.journeys.conftest import run_inside, studies


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


def test_every_segment_has_one_group_above_it_and_answers_name_it(address: str, shop: Workspace) -> None:
    listed = page(address, "/segments")
    below = [id_ for group in listed["groups"] for id_ in group["segments"]]
    assert sorted(below) == sorted(each["id"] for each in listed["segments"] if each["group_id"])
    for group in listed["groups"]:
        inside = [each for each in listed["segments"] if each["group_id"] == group["id"]]
        assert group["size"] == sum(each["size"] for each in inside)
        assert {each["id"] for each in inside} == set(group["segments"])
    above = {each["id"]: each["group_id"] for each in listed["segments"]}
    scores = pl.read_parquet(shop.require("scores") / "scores.parquet")
    assert scores["segment_group_id"].to_list() == [above[id_] for id_ in scores["segment_id"].to_list()]


def test_segments_that_were_just_fitted_fit(address: str) -> None:
    found = page(address, "/status")["segments"]
    assert (found["due"], found["stability_index"]) == (False, 0.0)
    assert "still fit" in found["reason"]


def test_a_night_leaves_segments_that_still_fit(copy: Workspace) -> None:
    night = run_inside("retrain", "--home", copy.home, *studies("segments"))
    (found,) = night["studies"].values()
    assert (found["trained"], found["staleness"]["due"]) == (False, False)
    assert "segments: the segments still fit" in night["message"]
    (again,) = run_inside("retrain", "--home", copy.home, "--refit", *studies("segments"))["studies"].values()
    assert again["staleness"] is None


def test_segments_made_with_somebody_who_was_erased_are_due_however_well_they_fit(copy: Workspace) -> None:
    study = find_study(copy, studies("segments")[1])
    assert (staleness_of_champion(copy, study) or {})["due"] is False
    client = open_client(copy.stores)
    client.set_model_version_tag("segments", "1", ERASURE_DUE, "yes")
    assert (staleness_of_champion(copy, study) or {})["due"] is True
    client.delete_model_version_tag("segments", "1", ERASURE_DUE)


def test_a_model_compared_with_itself_is_the_same(copy: Workspace) -> None:
    found = run_inside("compare", "segments/1", "segments@champion", "--home", copy.home)
    assert (found["moved"], found["agreement"]) == (0, 1.0)
    assert {each["kind"] for each in found["relations"]} == {"same"}
    assert found["columns"]["one"] == found["columns"]["other"] == []
    found = run_inside("compare", "churn/1", "churn@champion", "--home", copy.home)
    assert {(lead["mean"], lead["low"], lead["high"]) for lead in found["leads"]} == {(0.0, 0.0, 0.0)}


def test_two_segmentations_are_compared_on_everybody_and_the_picture_is_logged(copy: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = (Path(__file__).parent / "studies" / "segments.toml").read_text(encoding="utf-8")
    other.write_text(
        text.replace("fewest = 3", "fewest = 2\nmost = 2").replace("trials = 2", "trials = 5"), encoding="utf-8"
    )
    version = run_inside("train", other, "--home", copy.home)["version"]
    found = run_inside("compare", "segments/1", f"segments/{version}", "--home", copy.home)
    assert found["customers"] == len(load_bundle(copy.require("bundles")).answers)
    kinds = {each["kind"] for each in found["relations"]}
    assert "same" in kinds
    assert (
        sum(each["customers"] for each in found["relations"] if each["kind"] == "same")
        == found["customers"] - found["moved"]
    )
    logged = open_client(copy.stores).list_artifacts(found["run_id"], found["place"])
    assert {Path(file.path).name for file in logged} == {"comparison.json", "comparison.png", "customers.csv"}


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ("segments/1", "churn/1", "answer the same question"),
        ("segments/1", "segments/99", "there is no model 'segments/99'"),
        ("nothing", "segments/1", "there is no model 'nothing'"),
    ],
)
def test_what_are_no_two_runs_of_a_question_is_said(copy: Workspace, one: str, other: str, sentence: str) -> None:
    done = CliRunner().invoke(app, ["compare", one, other, "--home", str(copy.home)])
    assert done.exit_code == 1
    assert sentence in done.output


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
