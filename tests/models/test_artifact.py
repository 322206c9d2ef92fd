"""An artifact is refused unless every byte is the one that was saved, and before anything is parsed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import BadArtifact, BadInput
from features.indicators import with_indicators
from models import artifact
from models.predictor import Predictor, fit_predictor, predict
from models.question import Question
from models.sample import Sample

FACTS = {"dataset_fingerprint": "ab" * 32, "training_window": ["2024-01-01", "2024-06-01"], "scores": {"roc_auc": 0.7}}


def rows(seed: int = 0) -> Sample:
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"purchase_recency_days": random.uniform(0, 90, 600), "noise": random.normal(size=600)})
    y = (random.uniform(size=600) < np.exp(-X["purchase_recency_days"] / 60.0)).to_numpy(dtype=float)
    return Sample(X, y, np.repeat([0.0, 30.0, 60.0], 200), Question("churn", "binary", "lapses", (30.0,)))


@pytest.fixture(scope="module")
def model() -> Predictor:
    return fit_predictor("lightgbm", rows(), {"n_estimators": 10}, 0, calibrate=True)


@pytest.fixture
def saved(model: Predictor, tmp_path: Path) -> Path:
    artifact.save(tmp_path / "model", model, FACTS)
    return tmp_path / "model"


def test_a_loaded_model_predicts_bit_identically_and_carries_its_facts(model: Predictor, saved: Path) -> None:
    loaded = artifact.load(saved)
    assert predict(loaded.model, rows(1).X).tobytes() == predict(model, rows(1).X).tobytes()
    assert loaded.manifest["dataset_fingerprint"] == FACTS["dataset_fingerprint"]
    assert loaded.manifest["features"] == ["purchase_recency_days", "noise"]
    assert loaded.manifest["horizon_days"] == 30.0


def test_rows_are_read_as_any_tool_holds_them() -> None:
    X = rows().X.assign(profile_country=["France ", "germany"] * 300, basket_lines_last_n=[1.0, np.nan, 3.0] * 200)
    learnt = with_indicators(X, ["profile_country=france"]).drop(columns="profile_country")
    model = fit_predictor("lightgbm", replace(rows(), table=learnt), {"n_estimators": 3}, 0, calibrate=False)
    expected = predict(model, learnt)[:, 0]
    integers = pd.array(X["basket_lines_last_n"], dtype="Int64")
    with_none = X["basket_lines_last_n"].astype(object).where(X["basket_lines_last_n"].notna(), None)
    for column in (integers, with_none):
        answered = artifact.table(model, X.assign(customer_id="x", basket_lines_last_n=column)[::-1])
        assert np.array_equal(answered["probability"][::-1], expected)
    unknown = artifact.table(model, X.assign(noise=None, profile_country=None, basket_lines_last_n=2))
    assert unknown["probability"].between(0, 1).all()


@pytest.mark.parametrize("bad", [{"noise": "Ann Smith"}, {"noise": np.inf}])
def test_rows_that_cannot_be_read_are_refused_without_being_quoted(bad: dict[str, Any], model: Predictor) -> None:
    with pytest.raises(BadInput, match="noise") as error:
        artifact.table(model, rows().X.assign(customer_id="customer 4711", **bad))
    assert "Ann" not in str(error.value)
    assert "4711" not in str(error.value)


def test_the_same_seed_gives_the_same_hash_and_another_fact_another(model: Predictor, tmp_path: Path) -> None:
    again = fit_predictor("lightgbm", rows(), {"n_estimators": 10}, 0, calibrate=True)
    first = artifact.save(tmp_path / "a", model, FACTS)
    assert artifact.save(tmp_path / "b", again, FACTS) == first
    assert artifact.save(tmp_path / "c", again, {**FACTS, "scores": {}}) != first
    assert artifact.load(tmp_path / "a", expected=first).sha256 == first


def _parts() -> list[str]:
    return ["predictor.json", "lightgbm.txt", "lightgbm.json", "manifest.json"]


@pytest.mark.parametrize("name", _parts())
def test_a_changed_byte_is_refused_before_anything_is_parsed(
    name: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = artifact.load(saved).sha256
    monkeypatch.setattr(artifact.predictor, "load", _never)
    monkeypatch.setattr(artifact, "json_from", _never if name == "manifest.json" else artifact.json_from)
    data = bytearray((saved / name).read_bytes())
    for place in (0, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 1
        (saved / name).write_bytes(changed)
        with pytest.raises(BadArtifact):
            artifact.load(saved, expected)


def _never(*args: object) -> object:  # noqa: ARG001
    raise AssertionError("parsed before the hash was checked")


@pytest.mark.parametrize("name", _parts())
def test_a_missing_file_is_named(name: str, saved: Path) -> None:
    (saved / name).unlink()
    with pytest.raises(BadArtifact, match=name):
        artifact.load(saved)


def test_an_unknown_file_and_a_link_are_refused(saved: Path, tmp_path: Path) -> None:
    (saved / "extra.pkl").write_bytes(b"")
    with pytest.raises(BadArtifact, match=r"extra\.pkl"):
        artifact.load(saved)
    (saved / "extra.pkl").unlink()
    (saved / "lightgbm.txt").rename(tmp_path / "elsewhere")
    (saved / "lightgbm.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadArtifact, match=r"lightgbm\.txt"):
        artifact.load(saved)


def test_a_file_over_the_limit_is_not_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "LARGEST_BYTES", 100)
    with pytest.raises(BadArtifact, match="over 100 bytes"):
        artifact.load(saved)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("format", 2, "has format 2"),
        ("kind", "pickle", "no kind of model"),
        ("files", {"../../secret": "00"}, "differ in"),
        ("files", {}, "differ in"),
        ("files", [], "no kind of model or no files"),
    ],
)
def test_a_foreign_manifest_is_refused(key: str, value: object, sentence: str, saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_bytes())
    (saved / "manifest.json").write_text(json.dumps({**manifest, key: value}))
    with pytest.raises(BadArtifact, match=sentence):
        artifact.load(saved)


def test_a_model_is_not_saved_over_another_and_an_empty_folder_is_no_model(
    model: Predictor, saved: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadArtifact, match="not empty"):
        artifact.save(saved, model, FACTS)
    with pytest.raises(BadArtifact, match=r"manifest\.json is missing"):
        artifact.load(tmp_path / "nothing")


def test_facts_cannot_replace_the_models_own_entries(model: Predictor, tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match="features"):
        artifact.save(tmp_path / "model", model, {"features": []})
