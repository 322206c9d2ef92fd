"""A model in a notebook: beside a project's own modules of the same names, and coterie's own models stay apart."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.tracking import pyfunc
from models import artifact
from models.predictor import fit_predictor, predict
from models.sample import Sample
from tests.experiments.conftest import FEATURES, QUESTION, panel


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of a logistic regression."""
    frame = panel(customers=100, cutoffs=2)
    sample = Sample(frame[list(FEATURES)], frame["label"].to_numpy(), frame["as_of"].to_numpy(), QUESTION)
    folder = tmp_path_factory.mktemp("artifact") / "model"
    artifact.save(folder, fit_predictor("logistic", sample, {}, 0, calibrate=False), {})
    return folder


@pytest.fixture
def own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a ``features.py`` and a package ``models``, which an import finds before coterie's."""
    (tmp_path / "features.py").write_text("MINE = True\n", encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("MINE = True\n", encoding="utf-8")
    for name in pyfunc.loaded_modules():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def copied() -> ModuleType:
    """The file as MLflow runs it: a copy under another name."""
    spec = importlib.util.spec_from_file_location("code_model", str(pyfunc.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loaded(folder: Path) -> Any:
    model = copied().PlainModel()
    model.load_context(SimpleNamespace(artifacts={"artifact": str(folder)}, model_config=None))
    return model


@pytest.mark.parametrize("imported_first", [True, False])
def test_a_model_answers_in_a_project_with_modules_of_the_same_names(
    imported_first: bool, saved: Path, own_project: Path
) -> None:
    rows = panel(customers=5, cutoffs=1).assign(purchase_orders_n=1)
    if imported_first:
        importlib.import_module("models")
    answered = loaded(saved).predict(None, rows)
    assert np.array_equal(answered["probability"], predict(artifact.load(saved).model, rows)[:, 0])
    for name in pyfunc.PACKAGES:
        assert importlib.import_module(name).MINE
    assert str(own_project) == sys.path[0]


def test_where_coterie_is_imported_its_modules_are_used_and_stay(saved: Path) -> None:
    before = pyfunc.loaded_modules()
    model = loaded(saved)
    assert type(model.loaded) is artifact.Loaded
    assert before.items() <= pyfunc.loaded_modules().items()
