"""A model whose files were deleted or damaged is named in one sentence, and stops nothing that does not need it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.dataset import Dataset
from experiments.gate import promote
from experiments.run import run_study
from experiments.tracking.registry import CHALLENGER, CHAMPION, aliased, artifact_folder, champion_model, champions
from experiments.tracking.runs import open_client
from experiments.tracking.stores import ARTIFACTS, Stores
from features.errors import BadArtifact, NotFound
from pipelines.faults import in_words
from tests.experiments.conftest import study
from tests.pipelines.test_faults import sentence_of


def first_file(folder: Path) -> Path:
    return min(path for path in folder.iterdir() if path.name != "manifest.json")


DAMAGE: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "every artifact": (lambda home, _: shutil.rmtree(home / ARTIFACTS), "are gone"),
    "the folder of the model": (lambda _, model: shutil.rmtree(model.parent), "are gone"),
    "the model's own folder": (lambda _, model: shutil.rmtree(model), "are gone"),
    "one of its files": (lambda _, model: first_file(model).unlink(), "are damaged"),
    "its manifest": (lambda _, model: (model / "manifest.json").unlink(), "are damaged"),
    "what one file contains": (lambda _, model: first_file(model).write_bytes(b""), "are damaged"),
}
"""What is deleted, by what a person would call it."""


@pytest.fixture(scope="module")
def trained(dataset: Dataset, make_stores: Callable[[], Stores]) -> Path:
    """A home with two versions of one model: the first is champion, the second is to be judged."""
    stores = make_stores()
    for trials in (1, 2):
        run_study(study(), dataset, stores, trials=trials)
        if trials == 1:
            challenger = aliased(stores, "churn", CHALLENGER)
            assert challenger is not None
            open_client(stores).set_registered_model_alias("churn", CHAMPION, challenger.version)
    return Path(stores.tracking_uri.removeprefix("sqlite:///")).parent


def damaged(trained: Path, home: Path, damage: str, alias: str) -> Stores:
    """A copy of the home in which this was done to the version with the alias."""
    shutil.copytree(trained, home)
    stores = Stores(f"sqlite:///{home / 'mlflow.db'}", None, f"sqlite:///{home / 'optuna.db'}")
    version = aliased(stores, "churn", alias)
    assert version is not None
    model = artifact_folder(open_client(stores), version)
    assert model.is_relative_to(home)
    DAMAGE[damage][0](home, model)
    return stores


@pytest.mark.parametrize("damage", DAMAGE)
def test_nothing_is_published_without_the_files_of_a_champion(trained: Path, tmp_path: Path, damage: str) -> None:
    stores = damaged(trained, tmp_path / "home", damage, CHAMPION)
    with pytest.raises((NotFound, BadArtifact)) as error:
        champions(stores)
    text = in_words(error.value)
    assert text is not None
    assert DAMAGE[damage][1] in text
    assert "the artifacts of churn version 1 are" in text
    assert "coterie restore" in text
    assert "\n" not in text


def test_the_command_ends_with_that_sentence(trained: Path, tmp_path: Path) -> None:
    damaged(trained, tmp_path / "home", "every artifact", CHAMPION)
    (tmp_path / "home" / "canonical" / "x").mkdir(parents=True)
    (tmp_path / "home" / "canonical" / "CURRENT").write_text("x")
    assert "the artifacts of churn version 1 are gone" in sentence_of("publish", "--home", tmp_path / "home")


@pytest.mark.parametrize("damage", ["the folder of the model", "one of its files"])
def test_a_champion_without_files_stops_neither_a_search_nor_its_successor(
    trained: Path, dataset: Dataset, tmp_path: Path, damage: str
) -> None:
    stores = damaged(trained, tmp_path / "home", damage, CHAMPION)
    assert champion_model(stores, "churn") is None
    verdict = promote(study(), dataset, stores)
    assert "the artifacts of the champion, version 1, are gone or damaged" in verdict.reason


@pytest.mark.parametrize("damage", ["every artifact", "what one file contains"])
def test_a_challenger_without_files_is_not_promoted(
    trained: Path, dataset: Dataset, tmp_path: Path, damage: str
) -> None:
    stores = damaged(trained, tmp_path / "home", damage, CHALLENGER)
    with pytest.raises((NotFound, BadArtifact), match=f"churn version 2 {DAMAGE[damage][1]}"):
        promote(study(), dataset, stores)
    champion = aliased(stores, "churn", CHAMPION)
    assert champion is not None
    assert champion.version == "1"
