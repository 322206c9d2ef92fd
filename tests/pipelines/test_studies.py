"""A study of the user's that was promoted stays with the workspace, whatever happens to its file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.studies import load_study, shipped_studies, to_toml
from experiments.tracking.registry import CHAMPION
from experiments.tracking.runs import open_client
from pipelines.steps.promote import promote_step
from pipelines.studies import find_study, own_studies, remember_study, studies_to_retrain
from pipelines.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


SHIPPED = [name for name in shipped_studies() if load_study(name).kind != "rank"]
"""Rankings take minutes, and are trained again only once they are in force."""


def write_study(path: Path, name: str, **changes: str) -> str:
    """A shipped study under another name, or with another choice."""
    study = load_study("churn").model_copy(update={"name": name, **changes})
    path.write_text(to_toml(study), encoding="utf-8")
    return str(path)


def test_a_remembered_study_outlives_its_file_and_a_move_of_the_workspace(workspace: Workspace, tmp_path: Path) -> None:
    path = write_study(tmp_path / "any_file.toml", "lapsing", title="mine")
    remember_study(workspace, path)
    Path(path).unlink()
    moved = Workspace(workspace.home.rename(tmp_path / "moved"))
    assert studies_to_retrain(moved) == tuple(sorted({*SHIPPED, "lapsing"}))
    assert find_study(moved, "lapsing").title == "mine"


def test_a_users_study_takes_the_place_of_the_shipped_one_of_its_name(workspace: Workspace, tmp_path: Path) -> None:
    remember_study(workspace, write_study(tmp_path / "churn.toml", "churn", title="mine"))
    assert studies_to_retrain(workspace) == tuple(SHIPPED)
    assert find_study(workspace, "churn").title == "mine"


def test_the_last_promoted_file_of_a_name_is_remembered(workspace: Workspace, tmp_path: Path) -> None:
    for title in ("first", "second"):
        remember_study(workspace, write_study(tmp_path / "churn.toml", "churn", title=title))
    assert find_study(workspace, "churn").title == "second"
    assert own_studies(workspace) == ("churn",)


def test_a_file_that_equals_the_shipped_study_brings_that_back(workspace: Workspace, tmp_path: Path) -> None:
    remember_study(workspace, write_study(tmp_path / "mine.toml", "churn", title="mine"))
    remember_study(workspace, write_study(tmp_path / "same.toml", "churn"))
    assert own_studies(workspace) == ()
    assert find_study(workspace, "churn") == load_study("churn")


def test_a_study_given_by_name_is_not_copied(workspace: Workspace) -> None:
    remember_study(workspace, "churn")
    assert not workspace.home.exists()


def test_a_promotion_that_is_killed_half_way_has_remembered_the_study(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running again would find the champion in force, so nothing would ever copy the file."""

    class Killed(BaseException):
        pass

    def promote_and_die(*_: object, before: Callable[[], None], **__: object) -> None:
        before()
        raise Killed

    for name in ("build_dataset", "read_dataset"):
        monkeypatch.setattr(f"pipelines.steps.promote.{name}", lambda *_: None)
    monkeypatch.setattr("pipelines.steps.promote.promote", promote_and_die)
    with pytest.raises(Killed):
        promote_step(workspace, write_study(tmp_path / "lapsing.toml", "lapsing"))
    assert own_studies(workspace) == ("lapsing",)


def test_a_draft_of_a_killed_run_is_no_study_and_is_swept(workspace: Workspace, tmp_path: Path) -> None:
    remember_study(workspace, write_study(tmp_path / "lapsing.toml", "lapsing"))
    (workspace.home / "studies" / ".draft-half.toml").write_text("name = ")
    assert own_studies(workspace) == ("lapsing",)
    workspace.sweep()
    assert [path.name for path in (workspace.home / "studies").iterdir()] == ["lapsing.toml"]


def test_a_ranking_in_force_is_trained_by_night_even_if_its_artifacts_are_gone(workspace: Workspace) -> None:
    assert "next_product" not in studies_to_retrain(workspace)
    client = open_client(workspace.stores)
    client.create_registered_model("next_product")
    version = client.create_model_version("next_product", "nowhere", tags={"sha256": "none"}).version
    client.set_registered_model_alias("next_product", CHAMPION, version)
    assert "next_product" in studies_to_retrain(workspace)
