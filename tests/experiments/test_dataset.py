"""A dataset's fingerprint names its content."""

import hashlib
import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.dataset import FEATURES as FEATURES_FILE
from experiments.dataset import ROWS, read_dataset, write_dataset
from features.errors import BadArtifact, BadInput, NotFound
from features.indicators import indicator_names, with_indicators
from tests.experiments.conftest import QUESTION, panel

FEATURES = ("purchase_recency_days", "purchase_orders_n")


def write(folder: Path, *dated: pd.DataFrame) -> str:
    return write_dataset(folder, dated, FEATURES, QUESTION, {"canonical": "x"}).fingerprint


def test_the_order_of_rows_does_not_change_a_byte(tmp_path: Path) -> None:
    frame = panel(20, 3)
    write(tmp_path / "a", frame)
    write(tmp_path / "b", frame.sample(frac=1, random_state=1))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert sorted(contents(tmp_path / "a")) == ["features.npy", "manifest.json", "rows.parquet"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def with_texts(customers: int, cutoffs: int) -> pd.DataFrame:
    """A panel with two text features between the numbers, one of them with a rare level and nulls."""
    frame = panel(customers, cutoffs)
    countries = pd.Series(["France", "Italy", None, "italy ", "Malta"]).take(np.arange(len(frame)) % 5)
    frame.insert(4, "profile_country", countries.to_numpy())
    frame["journey_stage"] = np.where(frame["as_of"] > frame["as_of"].min(), "web", "shop")
    return frame


def test_frames_of_one_cutoff_each_give_the_same_bytes_as_one_frame(tmp_path: Path) -> None:
    """The second cutoff has a level that the first has not: levels are known once all rows were seen."""
    frame = with_texts(60, 3)
    features = [name for name in frame.columns if name not in ("customer_id", "as_of", "label")]
    whole = write_dataset(tmp_path / "whole", [frame], features, QUESTION, {})
    dated = (rows for _, rows in frame.sample(frac=1, random_state=1).groupby("as_of"))
    write_dataset(tmp_path / "dated", dated, features, QUESTION, {})
    assert contents(tmp_path / "whole") == contents(tmp_path / "dated")
    assert {"journey_stage=web", "profile_country=malta"} <= set(whole.features)
    oracle = with_indicators(frame.sort_values(["as_of", "customer_id"], ignore_index=True), whole.features)
    assert whole.inputs.equals(oracle[list(whole.features)])
    assert set(whole.columns) == set(features)


def test_a_dataset_written_from_another_keeps_its_fingerprint(tmp_path: Path) -> None:
    """A text that is the same for all has no indicator, so its place among the features is not known afterwards."""
    frame = with_texts(30, 3).assign(feedback_topic="price")
    features = ["feedback_topic", "journey_stage", "profile_country", *FEATURES]
    first = write_dataset(tmp_path / "first", [frame], features, QUESTION, {})
    again = write_dataset(tmp_path / "again", [first.frame], first.columns, QUESTION, {})
    assert again.fingerprint == first.fingerprint


def test_a_later_cutoff_cannot_come_first(tmp_path: Path) -> None:
    frame = panel(20, 3)
    with pytest.raises(BadInput, match="give the oldest cutoff first"):
        write(tmp_path, frame[::-1], *(rows for _, rows in frame.groupby("as_of")))


def test_a_dataset_is_pickled_as_its_folder_and_mapped_again(tmp_path: Path) -> None:
    frame = panel(300, 3)
    found = write_dataset(tmp_path, [frame], FEATURES, QUESTION, {})
    sent = pickle.dumps(found)
    assert len(sent) < 1_000
    again = pickle.loads(sent)
    pd.testing.assert_frame_equal(again.frame, found.frame)
    assert not again.frame["purchase_orders_n"].to_numpy().flags.owndata, "a view of the map"
    changed = replace(found, frame=found.frame.assign(label=0.0))
    assert pickle.loads(pickle.dumps(changed)).frame["label"].sum() == 0.0, "what is not in the folder is sent whole"


def test_columns_of_a_dataset_are_views_of_the_map(tmp_path: Path) -> None:
    found = write_dataset(tmp_path, [panel(20, 3)], FEATURES, QUESTION, {})
    mapped = found.frame["purchase_orders_n"].to_numpy().base
    for view in (found.inputs, found.read(FEATURES[1:]), found.sample(FEATURES[1:]).X):
        assert np.shares_memory(view["purchase_orders_n"].to_numpy(), mapped)


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


@pytest.mark.parametrize("name", [ROWS, FEATURES_FILE])
def test_a_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, panel(20, 3))
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
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
    found = write_dataset(tmp_path, [frame], ("purchase_spend", "profile_country"), QUESTION, {})
    assert "profile_country=malta" not in found.features, "one in two hundred gets no column of its own"
    sample = found.sample(["profile_country=malta", "purchase_spend"])
    assert sample.X.columns.tolist() == ["profile_country=malta", "purchase_spend"]
    assert sample.X["profile_country=malta"].sum() == 1.0
    with pytest.raises(BadInput, match="no column purchase_orders_n"):
        found.sample(["purchase_orders_n"])


def test_a_level_of_fewer_than_ten_customers_names_no_column() -> None:
    """However many rows they have, and however many customers leave the text empty."""
    customers = [f"c{n:03d}" for n in range(200)] * 3
    for n, has in ((9, False), (10, True)):
        regions = (["Unst"] * n + ["Foula"] * 10 + [None] * (190 - n)) * 3
        frame = pd.DataFrame({"customer_id": customers, "profile_region": pd.Series(regions, dtype="str")})
        assert ("profile_region=unst" in indicator_names(frame, ["profile_region"])) is has


@pytest.mark.parametrize("task", ["churn", None])
@pytest.mark.parametrize("version", [1, 2])
def test_a_panel_of_an_older_format_can_be_read_and_written_on(task: str | None, version: int, tmp_path: Path) -> None:
    """Those formats had everything in one file."""
    frame = with_texts(20, 3) if task else with_texts(20, 3).drop(columns="label")
    features = [name for name in frame.columns if name not in ("customer_id", "as_of", "label")]
    (tmp_path / "old").mkdir()
    panel_file = tmp_path / "old" / "panel.parquet"
    frame.sort_values(["as_of", "customer_id"]).to_parquet(panel_file, index=False)
    asked = {"task": task, "horizon_days": 30.0 if task else None}
    if version == 2:
        asked = {"question": asdict(QUESTION) if task else None}
    manifest = {"format": version, "rows": 60, "facts": {}, "features": list(indicator_names(frame, features)), **asked}
    manifest["fingerprint"] = hashlib.sha256(panel_file.read_bytes()).hexdigest()
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    found = read_dataset(tmp_path / "old")
    again = write_dataset(tmp_path / "new", [found.frame], found.columns, found.question, found.facts)
    assert again.frame.equals(found.frame[again.frame.columns])
    assert (again.features, again.question) == (found.features, found.question)
    assert (found.question and found.question.task) == task
    panel_file.write_bytes(panel_file.read_bytes() + b"x")
    with pytest.raises(BadArtifact, match="is not what its manifest says"):
        read_dataset(tmp_path / "old")
