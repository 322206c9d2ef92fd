"""A dataset is made of snapshots on disk: the same bytes whole, interrupted, shared, or on another engine."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import models.tasks
import pipelines.snapshots
from experiments.dataset import read_dataset
from experiments.kinds import kind_of
from experiments.studies import parse_study
from experiments.study import Study
from features.engines import open_tables, to_pandas
from features.errors import BadInput, HistoryTooShort
from features.snapshot import snapshot
from models.question import Question
from models.tasks import labelled
from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace
from tests.pipelines.conftest import ORDERS_SQL

LINES = 400
CUTOFFS = 5


def study(name: str = "churn", **changes: object) -> Study:
    asked = {"name": name, "kind": "predict", "task": "churn", "horizon_days": 20, "learners": ["logistic"]}
    asked["baselines"] = ["constant"]
    return parse_study(asked | {"cutoffs": {"newest": CUTOFFS, "test": 1}} | changes, "test")


@pytest.fixture
def workspace(write_shop, tmp_path: Path, unaudited: None) -> Workspace:  # noqa: ARG001
    """Forty customers over half a year."""
    draw = np.random.default_rng(5)
    days = np.datetime64("2024-01-01") + draw.integers(0, 180, LINES)
    lines = [
        f"A{n // 2},c{draw.integers(40)},{day} 1{n % 10}:00,p{n % 7},{1 + n % 3},4.5,,sale"
        for n, day in enumerate(days)
    ]
    made = Workspace(tmp_path / "home")
    ingest(made, write_shop("\n".join(lines) + "\n"))
    return made


def snapshots(workspace: Workspace) -> dict[str, float]:
    """When each stored snapshot was written."""
    return {path.name: path.stat().st_mtime_ns for path in (workspace.home / "snapshots").glob("[!.]*")}


def test_a_dataset_is_the_snapshots_of_its_cutoffs_with_labels(workspace: Workspace) -> None:
    dataset = read_dataset(build_dataset(workspace, study()))
    question, tables = Question("churn", "binary", "lapses", (20.0,)), open_tables(workspace.require("canonical"))
    dated = [to_pandas(labelled(question, snapshot(tables, as_of), tables, as_of)) for as_of in dataset.cutoffs]
    expected = pd.concat(dated).sort_values(["as_of", "customer_id"], ignore_index=True)
    assert len(dataset.cutoffs) == CUTOFFS
    assert dataset.frame[list(expected.columns)].equals(expected)


def test_a_stray_late_order_that_leaves_cutoffs_empty_points_to_the_audit(write_shop, tmp_path: Path) -> None:
    """A few months late, or so late that nobody who could be asked about is left at any cutoff."""
    draw = np.random.default_rng(6)
    days = np.datetime64("2024-01-01") + draw.integers(0, 180, 900)
    lines = [f"A{n},c{draw.integers(90)},{day} 1{n % 10}:00,mug,1,4.5,,sale" for n, day in enumerate(days)]
    for late in ("2024-08-20", "2025-08-20"):
        made = Workspace(tmp_path / late)
        ingest(made, write_shop("\n".join([*lines, f"A999,c1,{late} 10:00,mug,1,4.5,,sale"]) + "\n"))
        with pytest.raises((HistoryTooShort, BadInput), match=r"look in the audit for .*a stray late order"):
            kind_of(study()).prepare(study(), read_dataset(build_dataset(made, study())))


@pytest.mark.usefixtures("unaudited")
def test_everybody_known_has_a_row_until_they_order_where_the_study_asks_for_them(write_shop, tmp_path: Path) -> None:
    ordered = {f"c{n}": np.datetime64("2024-01-01") + 2 * n for n in range(90)}
    lines = [f"A{customer},{customer},{day} 10:00,mug,1,4.5,,sale" for customer, day in ordered.items()]
    signed_up = "SELECT customer AS customer_id, TIMESTAMP '2023-12-01' AS signed_up_at FROM lines"
    made = Workspace(tmp_path / "home")
    ingest(made, write_shop("\n".join(lines) + "\n", sql={"orders": ORDERS_SQL, "customers": signed_up}))
    dataset = read_dataset(build_dataset(made, study("first", task="first_order", who="known", learners=["lightgbm"])))
    days = pd.Series(ordered).rename_axis("customer_id").sub(pd.Timestamp("1970-01-01")).dt.days.rename("first")
    expected = [
        (as_of, customer, float(first < as_of + 20))
        for as_of in dataset.cutoffs
        for customer, first in days.sort_index().items()
        if first >= as_of
    ]
    assert list(dataset.frame[["as_of", "customer_id", "label"]].itertuples(index=False, name=None)) == expected
    assert {label for *_, label in expected} == {0.0, 1.0}
    assert dataset.facts["who"] == "known"


def test_studies_with_the_same_cutoffs_share_their_snapshots(workspace: Workspace) -> None:
    build_dataset(workspace, study())
    before = snapshots(workspace)
    assert len(before) == CUTOFFS
    build_dataset(workspace, study("another", horizon_days=19))
    assert before.items() <= snapshots(workspace).items()


def test_an_edited_task_labels_otherwise_so_it_has_another_dataset(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = study()
    before = build_dataset(workspace, asked)
    (tmp_path / "edited.py").write_text("# another line in the folder of the tasks\n")
    monkeypatch.setattr(models.tasks, "__path__", [*models.tasks.__path__, str(tmp_path)])
    pipelines.snapshots.code_of.cache_clear()
    assert build_dataset(workspace, asked) != before
    monkeypatch.undo()
    pipelines.snapshots.code_of.cache_clear()
    assert build_dataset(workspace, asked) == before


def test_a_build_that_was_cut_off_goes_on(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    written = pipelines.snapshots._store
    left = [2]

    def dies(*arguments: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        written(*arguments)

    monkeypatch.setattr(pipelines.snapshots, "_store", dies)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(workspace, study())
    assert not list((workspace.home / "datasets").glob("[!.]*"))
    half = snapshots(workspace)
    assert len(half) == 2
    left[0] = CUTOFFS
    resumed = read_dataset(build_dataset(workspace, study()))
    assert half.items() <= snapshots(workspace).items()
    assert left[0] == 2  # the two that were there are not made again
    fresh = Workspace(workspace.home.with_name("fresh"))
    fresh.home.mkdir()
    (workspace.home / "canonical").rename(fresh.home / "canonical")
    monkeypatch.undo()
    assert read_dataset(build_dataset(fresh, study())).fingerprint == resumed.fingerprint


def test_the_engine_does_not_change_a_byte(workspace: Workspace) -> None:
    asked = study(cutoffs={"newest": 2, "test": 1})
    polars = read_dataset(build_dataset(workspace, asked)).fingerprint
    for kind in ("datasets", "snapshots"):
        (workspace.home / kind).rename(workspace.home / f"old-{kind}")
    assert read_dataset(build_dataset(workspace, asked, "duckdb")).fingerprint == polars


def test_snapshots_of_other_tables_are_swept(workspace: Workspace) -> None:
    build_dataset(workspace, study())
    before = set(snapshots(workspace))
    raw = pl.read_csv(workspace.home.parent / "shop" / "raw" / "lines.csv")
    raw.head(LINES - 1).write_csv(workspace.home.parent / "shop" / "raw" / "lines.csv")
    ingest(workspace, load_source(workspace.home.parent / "shop"))
    build_dataset(workspace, study())
    assert not before & set(snapshots(workspace))


def test_all_buyers_are_stored_beside_those_whom_the_question_is_about(workspace: Workspace) -> None:
    """Churn asks about who bought lately; BG/NBD has to see who did not, too."""
    dataset = read_dataset(build_dataset(workspace, study()))
    everybody, tables = dataset.everybody, open_tables(workspace.require("canonical"))
    assert everybody is not None
    for as_of in dataset.cutoffs:
        expected = to_pandas(snapshot(tables, as_of)).sort_values("customer_id", ignore_index=True)
        found = everybody[everybody["as_of"] == as_of].reset_index(drop=True)
        assert found["customer_id"].tolist() == expected["customer_id"].tolist()
        assert found["purchase_recency_days"].tolist() == expected["purchase_recency_days"].tolist()
    assert len(everybody) >= len(dataset.frame)
