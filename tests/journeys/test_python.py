"""``import coterie as ct``: what a notebook sees is what commands, files and HTTP say."""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coterie as ct
from features.errors import CoterieError, NotFound
from pipelines.workspace import Workspace
from tests.journeys.conftest import run_inside

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def ws(shop: Workspace) -> ct.Opened:
    return ct.open(shop.home)


def test_a_customer_is_answered_as_over_http(ws: ct.Opened, address: str) -> None:
    ids = ws.scores()["customer_id"].head(5).tolist()
    asked = urllib.request.Request(
        f"{address}/predict", json.dumps({"customer_ids": ids}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as reply:
        body = json.load(reply)
    assert [ws.customer(id_).answer for id_ in ids] == body["answers"]
    found = ws.customer(ids[0])
    assert found.as_of == body["as_of"]
    reasons = [(name, each) for name in ("churn", "next_purchase", "value") for each in _reasons(found.answer, name)]
    assert reasons, "the models of the shop give reasons"
    told = found.why()
    expected = pd.DataFrame([{"model": name, **each} for name, each in reasons])
    pd.testing.assert_frame_equal(told, expected[list(told)], check_exact=True)
    assert repr(found).startswith(f"Customer('{ids[0]}', as of ")
    with pytest.raises(NotFound, match="not known to this bundle"):
        ws.customer("nobody")


def _reasons(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer[name].get("reasons", [])
    return found


def test_why_has_a_row_a_reason_and_none_for_models_that_give_none() -> None:
    reason = {"family": "usage", "effect": "lowers", "words": "last visit: none on record; typical: 12"}
    figures = {"contribution": -0.5, "column": "usage_recency_days", "value": None, "usual": 12.0}
    answer = {"customer_id": "c1", "segment": None, "churn": {"probability": 0.5, "reasons": [reason | figures]}}
    (row,) = ct.Customer("c1", answer, "2026-01-01").why().to_dict("records")
    assert row["value"] is None or row["value"] != row["value"]
    assert {name: row[name] for name in row if name != "value"} == {
        "model": "churn",
        **{name: value for name, value in (reason | figures).items() if name != "value"},
    }
    nothing = ct.Customer("c1", {"customer_id": "c1", "value": {"expected": 1.0}}, "2026-01-01").why()
    assert nothing.empty
    assert list(nothing.columns) == list(row)


def test_segments_are_those_of_the_catalogue(ws: ct.Opened, address: str) -> None:
    with urllib.request.urlopen(f"{address}/segments", timeout=30) as reply:
        listed = json.load(reply)["segments"]
    found = ws.segments()
    assert found["id"].tolist() == [each["id"] for each in listed]
    assert found["name_fr"].tolist() == [each["name_fr"] for each in listed]
    assert found["size"].sum() == len(ws.scores())


def test_a_dataset_is_a_frame_with_labels_and_features(ws: ct.Opened) -> None:
    found = ws.dataset(str(Path(__file__).parent / "studies" / "churn.toml"))
    assert list(found.columns[:3]) == ["customer_id", "as_of", "label"]
    assert set(found["label"].unique()) == {0.0, 1.0}
    assert "purchase_recency_days" in found


def test_models_are_compared_and_shown(ws: ct.Opened) -> None:
    found = ws.compare("churn/1", "churn@champion")
    assert (found.table["mean"] == 0).all()
    assert found._repr_png_()[1:4] == b"PNG"
    assert str(found) == run_inside("compare", "churn/1", "churn@champion", "--home", ws.workspace.home)["message"]


def test_a_place_without_a_workspace_is_opened_and_says_what_is_missing(tmp_path: Path) -> None:
    empty = ct.open(tmp_path / "empty")
    for ask in (empty.segments, empty.scores, lambda: empty.customer("c1")):
        with pytest.raises(CoterieError):
            ask()
    assert not (tmp_path / "empty").exists(), "asking writes nothing"


def test_without_a_name_it_is_the_folder_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COTERIE_HOME", str(tmp_path))
    assert repr(ct.open()) == f"Workspace({str(tmp_path)!r})"


def test_the_notebook_runs_from_top_to_bottom(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code cells, in order, with what a notebook shows of the last line of each."""
    monkeypatch.setenv("COTERIE_HOME", str(shop.home))
    space: dict[str, Any] = {}
    cells = [each for each in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if each["cell_type"] == "code"]
    for cell in cells:
        assert cell["outputs"] == [], "outputs of another machine say nothing"
        exec("".join(cell["source"]), space)
    assert isinstance(space["segments"], pd.DataFrame)
    assert os.environ["COTERIE_HOME"] == str(shop.home)
