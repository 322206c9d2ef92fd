"""A dataset is made of snapshots on disk: the same bytes whole, interrupted, shared, or on another engine."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pipelines.snapshots
from experiments.config import StudyConfig, parse_study
from experiments.dataset import read_dataset
from features.engines import open_tables, to_pandas
from models.tasks import task
from pipelines.dataset import build_dataset
from pipelines.ingest import ingest
from pipelines.sources import load_source
from pipelines.workspace import Workspace
from tests.panels import panel

LINES = 400
CUTOFFS = 5


def study(name: str = "next_purchase", **changes: object) -> StudyConfig:
    asked = {"name": name, "kind": "predict", "task": "next_purchase", "horizon_days": 20, "learners": ["logistic"]}
    return parse_study(asked | {"cutoffs": {"newest": CUTOFFS, "test": 1}} | changes, "test")


@pytest.fixture
def home(write_shop, tmp_path: Path) -> Workspace:
    """Forty customers over half a year."""
    draw = np.random.default_rng(5)
    days = np.datetime64("2024-01-01") + draw.integers(0, 180, LINES)
    lines = [
        f"A{n // 2},c{draw.integers(40)},{day} 1{n % 10}:00,p{n % 7},{1 + n % 3},4.5,,sale"
        for n, day in enumerate(days)
    ]
    space = Workspace(tmp_path / "home")
    ingest(space, write_shop("\n".join(lines) + "\n"))
    return space


def snapshots(home: Workspace) -> dict[str, float]:
    """When each stored snapshot was written."""
    return {path.name: path.stat().st_mtime_ns for path in (home.home / "snapshots").glob("[!.]*")}


def test_a_dataset_is_the_panel_of_its_cutoffs(home: Workspace) -> None:
    dataset = read_dataset(build_dataset(home, study()))
    asked = task("next_purchase")
    expected = to_pandas(
        panel(
            open_tables(home.require("canonical")),
            dataset.cutoffs,
            label=lambda tables, as_of: asked.label(tables, as_of, 20.0),
            missing_label=asked.MISSING_LABEL,
            eligible=asked.eligible(20.0),
        )
    )
    assert len(dataset.cutoffs) == CUTOFFS
    assert dataset.frame[list(expected.columns)].equals(expected)


def test_studies_with_the_same_cutoffs_share_their_snapshots(home: Workspace) -> None:
    build_dataset(home, study())
    before = snapshots(home)
    assert len(before) == CUTOFFS
    build_dataset(home, study("another", horizon_days=19))
    assert before.items() <= snapshots(home).items()


def test_a_build_that_was_cut_off_goes_on(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    written = pipelines.snapshots._keep
    left = [2]

    def dies(*arguments: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        written(*arguments)

    monkeypatch.setattr(pipelines.snapshots, "_keep", dies)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(home, study())
    assert not list((home.home / "datasets").glob("[!.]*"))
    half = snapshots(home)
    assert len(half) == 2
    left[0] = CUTOFFS
    resumed = read_dataset(build_dataset(home, study()))
    assert half.items() <= snapshots(home).items()
    assert left[0] == 2  # the two that were there are not made again
    fresh = Workspace(home.home.with_name("fresh"))
    fresh.home.mkdir()
    (home.home / "canonical").rename(fresh.home / "canonical")
    monkeypatch.undo()
    assert read_dataset(build_dataset(fresh, study())).fingerprint == resumed.fingerprint


def test_the_engine_does_not_change_a_byte(home: Workspace) -> None:
    polars = read_dataset(build_dataset(home, study())).fingerprint
    for kind in ("datasets", "snapshots"):
        (home.home / kind).rename(home.home / f"old-{kind}")
    assert read_dataset(build_dataset(home, study(), "duckdb")).fingerprint == polars


def test_snapshots_of_other_tables_are_swept(home: Workspace) -> None:
    build_dataset(home, study())
    before = set(snapshots(home))
    raw = pl.read_csv(home.home.parent / "shop" / "raw" / "lines.csv")
    raw.head(LINES - 1).write_csv(home.home.parent / "shop" / "raw" / "lines.csv")
    ingest(home, load_source(home.home.parent / "shop"))
    build_dataset(home, study())
    assert not before & set(snapshots(home))
