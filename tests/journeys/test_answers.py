"""A shop that has gone the whole road: the service answers what the batch wrote, bit for bit, from stored answers and
from a history in the request; the nightly job finds nothing new; a copy elsewhere and a notebook go on with it."""

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import polars.selectors as cs
import pyarrow.parquet as pq
import pytest

from experiments.tracking.registry import champions
from experiments.tracking.runs import current_tracking
from models import artifact
from pipelines.steps.promote import promote_step
from pipelines.steps.publish import publish_bundle
from pipelines.steps.serve import ask
from pipelines.workspace import Workspace
from serving.bundle import load_bundle
from serving.every_answer import SCORES
from tests.docs.blocks import blocks
from tests.journeys.conftest import run_inside
from tests.journeys.state import state

STUDIES = Path(__file__).parent / "studies"
PAGE = Path(__file__).parents[2] / "docs" / "application.md"
NOTEBOOKS = PAGE.with_name("data-scientist.md")


@pytest.fixture(scope="module")
def scores(shop: Workspace) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(shop.require("scores") / SCORES).to_pylist()
    return {row["customer_id"]: row for row in rows}


def flat(answer: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values of an HTTP answer by their path: ``next_purchase_within_30``."""
    columns: dict[str, Any] = {}
    for key, value in answer.items():
        columns |= flat(value, f"{prefix}{key}_") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return columns


def test_http_answers_equal_batch_scores_exactly_for_everybody(address: str, scores) -> None:
    ids = list(scores)
    assert len(ids) > 500
    answers = ask(address, "/predict", {"customer_ids": ids})["answers"]
    assert [answer["customer_id"] for answer in answers] == ids
    compared = set()
    for answer in answers:
        row, sent = scores[answer["customer_id"]], flat(answer)
        for column in row.keys() & sent.keys():
            assert sent[column] == row[column], (answer["customer_id"], column)
            compared.add(column)
        for column in [name for name in sent if name.endswith("_reasons")]:
            told = [row[f"{column.removesuffix('s')}_{number}"] for number in (1, 2, 3)]
            assert [each["words"] for each in sent[column]] == [words for words in told if words is not None]
            compared |= {f"{column.removesuffix('s')}_{number}" for number in (1, 2, 3)}
    # Dates are sent in place of days, and a reason only where there is one.
    assert all(column.endswith(("_days", "_reason")) for column in row.keys() - compared - {"as_of", "bundle"})


def test_a_history_in_the_request_gets_the_answer_of_the_stored_customer(shop: Workspace, address: str, scores) -> None:
    canonical = shop.require("canonical")
    tables = {name: pl.read_parquet(canonical / f"{name}.parquet") for name in (*LISTS, "customers", "identities")}
    linked = {*tables["identities"]["alias_id"], *tables["identities"]["customer_id"]}
    ids = [name for name in scores if name not in linked][:160:4]
    stored = ask(address, "/predict", {"customer_ids": ids})
    for some in (ids[:20], ids[20:]):  # a request holds at most 5,000 rows
        customers = [history(tables, name) for name in some]
        live = ask(address, "/predict_history", {"customers": customers, "as_of": stored["as_of"]})
        expected = [answer for answer in stored["answers"] if answer["customer_id"] in some]
        assert live["answers"] == expected


LISTS = ("orders", "events", "touches", "feedback", "subscriptions", "loyalty")


def history(tables: dict[str, pl.DataFrame], customer: str) -> dict[str, Any]:
    """All that is held about a customer, as an application would send it: what stands, and the newest profile."""
    sent: dict[str, Any] = {"customer_id": customer, "profile": {}}
    for name in LISTS:
        own = tables[name].filter((pl.col("customer_id") == customer) & pl.col("replaced_at").is_null())
        sent[name] = plain(own.drop("customer_id", "replaced_at"))
    versions = tables["customers"].filter(pl.col("customer_id") == customer).sort("known_at", nulls_last=False)
    profile = plain(versions.drop("customer_id", cs.starts_with("attr_")).tail(1))
    return sent | ({"profile": profile[0]} if profile else {})


def plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON: times as ISO 8601, what is null left out."""
    texts = rows.with_columns(cs.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    return [{name: value for name, value in row.items() if value is not None} for row in texts.to_dicts()]


def shown(kind: str) -> list[str]:
    """The blocks of a kind on the page about asking over HTTP."""
    return [block.text for block in blocks(PAGE) if block.kind == kind]


def test_the_page_asks_about_a_history_word_for_word(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = shown("python")
    exec(block.replace("http://127.0.0.1:3000", address), {})
    printed = ast.literal_eval(capsys.readouterr().out)
    assert printed.keys() == ast.literal_eval(block.rpartition("# ")[2]).keys()


def test_the_page_shows_what_is_really_answered(address: str, scores: dict[str, dict[str, Any]]) -> None:
    (call,), (printed,) = [text for text in shown("bash") if "curl" in text], shown("json")
    asked = json.loads(call.partition("-d '")[2].rpartition("'")[0])
    known, *unknown = asked["customer_ids"]
    assert json.loads(printed)["answers"][0]["customer_id"] == known
    everybody = ask(address, "/predict", {"customer_ids": [*list(scores)[:200], *unknown]})
    full = [answer for answer in everybody["answers"] if "reason" not in answer["churn"]]
    assert shape(json.loads(printed)) == shape(everybody | {"answers": full[:1]})
    assert json.loads(printed)["unknown"] == everybody["unknown"] == unknown


def shape(value: Any) -> Any:
    """The keys of a JSON value at every depth; a date may be null, so what is at the end does not count."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    # One customer has more reasons than another, so of a list only the first entry counts.
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else ...


def test_nothing_new_changes_nothing_and_says_so(shop: Workspace) -> None:
    before = state(shop.home)
    again = [part for name in ("segments", "churn", "next_purchase") for part in ("--study", STUDIES / f"{name}.toml")]
    result = run_inside("retrain", "--home", shop.home, *again)
    assert result["changed"] is False
    assert result["message"].startswith("nothing new")
    assert state(shop.home) == before


def test_the_report_counts_every_column_that_a_model_reads(shop: Workspace) -> None:
    read = run_inside("report", "--home", shop.home)["features"]
    models = load_bundle(shop.require("bundles")).models
    assert {name: sum(of[name] for of in read.values()) for name in models} == {
        name: len(loaded.manifest["features"]) for name, loaded in models.items()
    }


@pytest.fixture
def copy(shop: Workspace, tmp_path: Path) -> Workspace:
    """The shop's workspace, copied to another place, with its files writable."""
    return Workspace(Path(shutil.copytree(shop.home, tmp_path / "at another place" / "workspace")))


def test_a_copied_workspace_goes_on_where_it_is(shop: Workspace, copy: Workspace) -> None:
    """Its artifacts are its own: without them it does not take the original's."""
    before = shop.require("bundles").name
    assert promote_step(copy, str(STUDIES / "churn.toml"))["reason"].endswith("is the champion already")
    assert publish_bundle(copy)["bundle"] == before
    for champion in champions(copy.stores).values():
        assert champion.folder.is_relative_to(copy.home)


def test_a_notebook_gets_the_champions_answers_as_the_page_says(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", NOTEBOOKS.read_text(encoding="utf-8"), re.S)
        if "load_model" in block
    )
    monkeypatch.chdir(copy.home.parent)
    champion = artifact.load(champions(copy.stores)["churn"].folder).model
    *before, shown = (line for line in code.strip().splitlines() if not line.startswith("#"))
    assert 'load_model("models:/churn@champion").predict(rows)' in shown
    notebook: dict[str, Any] = {}
    with current_tracking("sqlite:///workspace/mlflow.db"):
        exec("\n".join(before), notebook)
        exec(shown, notebook)
        model = mlflow.pyfunc.load_model("models:/churn@champion")
    rows: pd.DataFrame = notebook["rows"]
    answered = model.predict(rows)
    assert answered.equals(artifact.table(champion, rows))
    counts = [name for name in rows if name.endswith("_n") and (rows[name].dropna() % 1 == 0).all()]
    assert counts
    whole = rows.astype(dict.fromkeys(counts, "Int64"))
    absent = rows.assign(**{name: rows[name].astype(object).where(rows[name].notna(), None) for name in counts})
    for same in (whole, absent, rows.assign(more="text")):
        assert np.array_equal(model.predict(same).to_numpy(), answered.to_numpy())
