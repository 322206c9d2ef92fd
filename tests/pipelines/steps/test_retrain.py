"""What a night ends with when studies cannot be trained or none is promoted; the steps themselves are stand-ins."""

from pathlib import Path
from typing import Any

import pytest

from experiments.studies import load_study, shipped_studies, to_toml
from features.errors import BadArtifact, BadInput, CoterieError, HistoryTooShort
from pipelines.steps import retrain as module
from pipelines.steps.dataset import check_labels
from pipelines.steps.publish import NoChampion
from pipelines.steps.retrain import UNANSWERABLE, retrain
from pipelines.studies import remember_study
from pipelines.workspace import Workspace

TOO_SHORT = "orders span 60 days, study churn needs 164: load more history"


class Night:
    """Stand-ins for the steps: ``errors`` names the studies that fail, ``champions`` those that are promoted."""

    def __init__(self, errors: dict[str, CoterieError], champions: set[str]) -> None:
        self.errors, self.champions, self.done = errors, champions, []

    def ingest(self, *_: object) -> dict[str, Any]:
        return {"canonical": "c"}

    def train(self, _: Workspace, study: str, *__: object) -> dict[str, Any]:
        if study in self.errors:
            raise self.errors[study]
        return {"skipped": False}

    def promote(self, _: Workspace, study: str) -> dict[str, Any]:
        promoted = study in self.champions
        reason = "log-loss advantage" if promoted else "not proven better than recency"
        return {"promoted": promoted, "reason": reason, "message": f"{study}: {reason}"}

    def publish(self, _: Workspace) -> dict[str, Any]:
        if not self.champions:
            raise NoChampion("no model is champion yet")
        self.done.append("publish")
        return {"bundle": "b"}

    def score(self, _: Workspace) -> None:
        self.done.append("score")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def run(monkeypatch: pytest.MonkeyPatch, night: Night, workspace: Workspace, studies: tuple[str, ...] = ()) -> Any:
    for name, step in {
        "ingest_step": night.ingest,
        "train_step": night.train,
        "promote_step": night.promote,
        "publish_bundle": night.publish,
        "score_all": night.score,
    }.items():
        monkeypatch.setattr(module, name, step)
    return retrain(workspace, "shop", "", studies, None, 1)


@pytest.mark.parametrize("kind", [HistoryTooShort, BadInput])
def test_a_shipped_study_that_the_source_cannot_answer_is_reported_and_stops_nothing(
    kind: type[CoterieError], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night({"churn": kind(TOO_SHORT)}, {"segments"})
    result = run(monkeypatch, night, workspace)
    assert set(result["studies"]) == {name for name in shipped_studies() if load_study(name).kind != "rank"}
    assert f"churn: left out, {TOO_SHORT}" in result["message"]
    assert night.done == ["publish", "score"]


def test_a_study_that_was_asked_for_and_fails_is_an_error_after_the_others_are_published(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "churn.toml"
    own.write_text(to_toml(load_study("churn").model_copy(update={"title": "mine"})))
    for studies in (("churn", "segments"), ()):
        night = Night({"churn": HistoryTooShort(TOO_SHORT)}, {"segments"})
        with pytest.raises(CoterieError, match=f"churn: failed, {TOO_SHORT}"):
            run(monkeypatch, night, workspace, studies)
        assert night.done == ["publish", "score"]
        # From now on the user's own churn is among those that retrain trains when no study is given.
        remember_study(workspace, str(own))


def test_a_broken_workspace_is_no_question_the_source_cannot_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night({"churn": BadArtifact("the artifact is damaged")}, {"segments"})
    with pytest.raises(BadArtifact):
        run(monkeypatch, night, workspace)
    assert night.done == []


def test_if_no_study_is_promoted_the_error_gives_the_reason_of_each(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night({"churn": HistoryTooShort(TOO_SHORT)}, set())
    with pytest.raises(NoChampion) as caught:
        run(monkeypatch, night, workspace)
    assert f"churn: left out, {TOO_SHORT}" in str(caught.value)
    assert "segments: not proven better than recency" in str(caught.value)
    assert "coterie train" not in str(caught.value)


def test_if_nothing_new_is_promoted_the_last_champions_are_published(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LaterNight(Night):
        def promote(self, _: Workspace, study: str) -> dict[str, Any]:
            reason = "not proven better than the champion"
            return {"promoted": False, "reason": reason, "message": f"{study}: not promoted, {reason}"}

    night = LaterNight({"churn": HistoryTooShort(TOO_SHORT)}, {"segments"})
    result = run(monkeypatch, night, workspace)
    assert night.done == ["publish", "score"]
    assert "segments: not promoted, not proven better than the champion" in result["message"]
    assert f"churn: left out, {TOO_SHORT}" in result["message"]


def test_a_source_without_orders_cannot_answer_and_says_what_it_needs() -> None:
    with pytest.raises(UNANSWERABLE, match=r"found events, the study churn needs 'orders'"):
        check_labels({"events": None}, load_study("churn"))
