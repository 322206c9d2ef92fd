"""A dataset's fingerprint names its content."""

import json
from pathlib import Path

import pandas as pd
import pytest

from experiments.dataset import PANEL, read_dataset, write_dataset
from features.errors import BadArtifact, BadInput, NotFound
from tests.experiments.conftest import QUESTION, panel

FEATURES = ("purchase_recency_days", "purchase_orders_n")


def write(folder: Path, frame: pd.DataFrame) -> str:
    return write_dataset(folder, frame, FEATURES, QUESTION, {"canonical": "x"}).fingerprint


def test_the_order_of_rows_does_not_change_a_byte(tmp_path: Path) -> None:
    frame = panel(20, 3)
    write(tmp_path / "a", frame)
    write(tmp_path / "b", frame.sample(frac=1, random_state=1))
    for name in ("panel.parquet", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_another_label_gives_another_fingerprint(tmp_path: Path) -> None:
    frame = panel(20, 3)
    changed = frame.assign(label=frame["label"].where(frame.index != 7, 1 - frame["label"]))
    assert write(tmp_path / "a", frame) != write(tmp_path / "b", changed)


def test_what_was_written_is_read_back_sorted(tmp_path: Path) -> None:
    frame = panel(20, 3).astype({"label": int})
    write(tmp_path, frame.sample(frac=1, random_state=1))
    found = read_dataset(tmp_path)
    expected = frame.sort_values(["as_of", "customer_id"], ignore_index=True)
    pd.testing.assert_frame_equal(
        found.frame, expected[list(found.frame.columns)].astype({"label": float}), check_dtype=False
    )
    assert (found.features, found.question) == (FEATURES, QUESTION)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    write(tmp_path, panel(20, 3))
    data = bytearray((tmp_path / PANEL).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / PANEL).write_bytes(data)
    with pytest.raises(BadArtifact, match="is not what its manifest says"):
        read_dataset(tmp_path)


def test_a_missing_feature_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lacks purchase_orders_n"):
        write(tmp_path, panel(20, 3).drop(columns="purchase_orders_n"))


def test_an_empty_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no row"):
        write(tmp_path, panel(20, 3).iloc[:0])


def test_a_missing_dataset_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="coterie dataset"):
        read_dataset(tmp_path)


def test_a_level_that_has_become_rare_can_still_be_read(tmp_path: Path) -> None:
    frame = panel(200, 1)
    frame["profile_country"] = ["France", "Italy"] * 99 + ["Malta", "Italy"]
    found = write_dataset(tmp_path, frame, ("purchase_spend", "profile_country"), QUESTION, {})
    assert "profile_country=malta" not in found.features, "one in two hundred gets no column of its own"
    sample = found.sample(["profile_country=malta", "purchase_spend"])
    assert sample.X.columns.tolist() == ["profile_country=malta", "purchase_spend"]
    assert sample.X["profile_country=malta"].sum() == 1.0
    with pytest.raises(BadInput, match="no column purchase_orders_n"):
        found.sample(["purchase_orders_n"])


@pytest.mark.parametrize("task", ["churn", None])
def test_a_dataset_of_version_0_2_can_be_read_and_written_on(task: str | None, tmp_path: Path) -> None:
    frame = panel(20, 3) if task else panel(20, 3).drop(columns="label")
    written = write_dataset(tmp_path / "old", frame, FEATURES, QUESTION if task else None, {})
    manifest = tmp_path / "old" / "manifest.json"
    old = json.loads(manifest.read_text()) | {"format": 1, "task": task, "horizon_days": 30.0 if task else None}
    manifest.write_text(json.dumps({name: value for name, value in old.items() if name != "question"}))
    found = read_dataset(tmp_path / "old")
    pd.testing.assert_frame_equal(found.frame, written.frame)
    again = write_dataset(tmp_path / "new", found.frame, FEATURES, found.question, found.facts)
    assert (again.fingerprint, again.question) == (written.fingerprint, found.question)
    assert (found.question and found.question.task) == task
