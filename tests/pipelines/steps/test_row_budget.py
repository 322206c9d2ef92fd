"""A study of a few drawn customers is the study of everybody, seen through those customers."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import pipelines.extracts
import pipelines.snapshots
from experiments.dataset import Dataset, read_dataset
from experiments.studies import parse_study, to_toml
from experiments.study import Study
from features.executors.parts import parts_of
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace
from tests.features.shop import whole_shop

ROWS = 110
EVERYBODY = 100_000
FEW_TABLES = ("orders", "products", "customers", "identities")


def study(rows: int, **changes: Any) -> Study:
    """Some fifty customers at three cutoffs are about 150 rows."""
    asked = {"name": "later", "kind": "predict", "task": "value", "horizon_days": 25, "learners": ["lightgbm"]}
    asked["baselines"] = ["constant"]
    cutoffs = {"every": "month", "newest": 3, "test": 1}
    return parse_study(asked | {"cutoffs": cutoffs, "sample": {"rows": rows, "seed": 3}} | changes, "test")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return with_tables(tmp_path / "home", {name: whole_shop()[name] for name in FEW_TABLES})


def with_tables(home: Path, frames: dict[str, pl.DataFrame]) -> Workspace:
    """A workspace with the tables, sorted as if they had been ingested."""

    def write(folder: Path) -> None:
        for name, rows in frames.items():
            key = "customer_id" if "customer_id" in rows.columns else "product_id"
            rows.sort(key, maintain_order=True).write_parquet(folder / f"{name}.parquet")

    made = Workspace(home)
    made.publish("canonical", f"tables{sum(rows.height for rows in frames.values())}", write)
    return made


def built(workspace: Workspace, asked: Study, engine: Any = "polars") -> Dataset:
    return read_dataset(build_dataset(workspace, asked, engine))


def names(workspace: Workspace, kind: str) -> set[str]:
    return {folder.name for folder in workspace.published(kind)}


def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines.snapshots, "parts_of", partial(parts_of, rows=1000))


def assert_rows_of_everybody(workspace: Workspace, entity: str) -> None:
    everybody, drawn = (built(workspace, study(rows, entity=entity)) for rows in (EVERYBODY, ROWS))
    theirs = everybody.frame[everybody.frame["customer_id"].isin(drawn.frame["customer_id"])].reset_index(drop=True)
    assert len(everybody.frame) * 0.2 < len(drawn.frame) < min(len(everybody.frame), ROWS + 1)
    assert set(drawn.columns) == set(everybody.columns)
    assert drawn.frame[drawn.columns].equals(theirs[drawn.columns])
    assert drawn.frame["label"].equals(theirs["label"])
    assert "drawn" not in everybody.facts


def test_the_drawn_have_the_rows_they_have_among_everybody(tmp_path: Path) -> None:
    assert_rows_of_everybody(with_tables(tmp_path / "home", whole_shop()), "customer")


def test_companies_of_the_drawn_have_the_rows_they_have_among_everybody(workspace: Workspace) -> None:
    assert_rows_of_everybody(workspace, "company")


def test_of_a_single_date_the_drawn_are_read_from_everybodys_snapshot(tmp_path: Path) -> None:
    orders = whole_shop()["orders"]
    many = pl.concat([orders.with_columns(pl.col("customer_id") + f"-{n}") for n in range(4)])
    shop = with_tables(tmp_path / "home", {"orders": many, "products": whole_shop()["products"]})
    longer_than_the_history = {"period_days": 5000}
    asked = {"name": "alike", "kind": "segment", "clusterers": ["kmeans"], "segments": longer_than_the_history}
    drawn = built(shop, parse_study(asked | {"sample": {"rows": 100}}, "test")).frame
    everybody = built(shop, parse_study(asked, "test")).frame
    assert len(drawn) == 100 < len(everybody)
    assert drawn.equals(
        everybody[everybody["customer_id"].isin(drawn["customer_id"])][drawn.columns].reset_index(drop=True)
    )
    assert (len(names(shop, "extracts")), len(names(shop, "snapshots"))) == (0, 1)


def test_the_engine_does_not_change_a_byte_of_what_is_drawn(tmp_path: Path) -> None:
    workspace = with_tables(tmp_path / "home", {name: whole_shop()[name] for name in ("orders", "identities")})
    polars = built(workspace, study(ROWS)).fingerprint
    for kind in ("datasets", "snapshots", "extracts"):
        (workspace.home / kind).rename(workspace.home / f"old-{kind}")
    assert built(workspace, study(ROWS), "duckdb").fingerprint == polars


def test_the_parts_do_not_change_a_byte(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(workspace, study(EVERYBODY)).fingerprint
    for kind in ("datasets", "snapshots"):
        (workspace.home / kind).rename(workspace.home / f"old-{kind}")
    in_small_parts(monkeypatch)
    assert built(workspace, study(EVERYBODY)).fingerprint == whole
    assert len({name.rpartition("-")[2] for name in names(workspace, "snapshots")}) > 1
    assert any(name.endswith("-moved") for name in names(workspace, "extracts"))


def test_studies_whose_draws_differ_by_little_share_tables_and_snapshots(workspace: Workspace) -> None:
    built(workspace, study(ROWS))
    before = names(workspace, "extracts"), names(workspace, "snapshots")
    other = built(workspace, study(ROWS - 5, name="other"))
    assert (names(workspace, "extracts"), names(workspace, "snapshots")) == before
    assert other.facts["drawn"]["customers"] < built(workspace, study(ROWS)).facts["drawn"]["customers"]


@pytest.mark.parametrize("dies_in", ["copy_rows", "partition_rows"])
def test_a_build_killed_while_rows_are_copied_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    uninterrupted = built(workspace, study(ROWS)).fingerprint
    for kind in ("datasets", "snapshots", "extracts"):
        (workspace.home / kind).rename(workspace.home / f"old-{kind}")
    if dies_in == "partition_rows":
        in_small_parts(monkeypatch)
    whole = getattr(pipelines.extracts, dies_in)

    def dies(tables: Path, folder: Path, whose: pl.DataFrame) -> None:
        whole(tables, folder, whose)
        next(folder.rglob("orders.parquet")).write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(pipelines.extracts, dies_in, dies)
        with pytest.raises(KeyboardInterrupt):
            built(workspace, study(ROWS))
    assert not names(workspace, "datasets")
    assert built(workspace, study(ROWS)).fingerprint == uninterrupted


def test_extracts_of_other_tables_are_swept(workspace: Workspace) -> None:
    built(workspace, study(ROWS))
    before = names(workspace, "extracts")
    less = {name: whole_shop()[name] for name in FEW_TABLES} | {"orders": whole_shop()["orders"].head(1500)}
    built(with_tables(workspace.home, less), study(ROWS))
    assert before
    assert not before & names(workspace, "extracts")


ORDERS_PER_CUSTOMER = 4


def build_within(workspace: Workspace, rows: int, megabytes: int) -> subprocess.CompletedProcess[str]:
    path = workspace.home / f"budget{rows}.toml"
    path.write_text(to_toml(study(rows)))
    program = [sys.executable, str(Path(__file__).with_name("build_within.py"))]
    # An allocator reserves memory for every thread.
    few_threads = {**os.environ, "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    asked = [*program, str(workspace.home), str(path), str(megabytes)]
    return subprocess.run(asked, capture_output=True, text=True, env=few_threads, timeout=600, check=False)


def test_memory_is_that_of_the_budget(tmp_path: Path) -> None:
    """A dataset twelve times its budget is built and read in memory that is too little for all of it."""
    draw, customers_n = np.random.default_rng(1), 30_000
    who = draw.integers(0, customers_n, customers_n * ORDERS_PER_CUSTOMER)
    at = np.datetime64("2024-01-01", "us") + draw.integers(0, 120 * 86_400, len(who)) * np.timedelta64(1, "s")
    orders = pl.DataFrame({"customer_id": who, "at": at}).with_columns(
        pl.col("customer_id").cast(pl.String).str.zfill(6),
        order_id=pl.int_range(pl.len()).cast(pl.String),
        quantity=1.0,
        unit_price=2.0,
        kind=pl.lit("sale"),
    )
    shop = with_tables(tmp_path / "home", {"orders": orders})
    within = build_within(shop, 6000, 450)
    assert within.returncode == 0, within.stderr
    assert within.stdout.split()[0] == "6000"
    assert build_within(shop, EVERYBODY, 450).returncode != 0
