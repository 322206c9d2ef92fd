"""The gate as a table, and on a registry: proven better or refused, with the reason on the version."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from experiments.config import Promotion
from experiments.dataset import Dataset
from experiments.gate import Judgement, judge, preview, promote, unreadable
from experiments.run import StudyResult, guesses, run_study
from experiments.tracking.evidence import HASH_TAG, key_of_test
from experiments.tracking.registry import CHALLENGER, CHAMPION, Version, aliased, champion_model, champions
from experiments.tracking.runs import note_verdict, open_client
from experiments.tracking.stores import Stores, artifacts_beside
from experiments.verdict import Difference, Verdict, decide
from features.errors import NotFound
from models import artifact
from tests.experiments.conftest import group_study, panel, study

MakeStores = Callable[[], Stores]

BETTER, MAYBE, EQUAL, LESS, WORSE = (
    Difference(0.03, 0.01, 0.05),
    Difference(0.01, -0.01, 0.03),
    Difference(0.0, 0.0, 0.0),
    Difference(-0.01, -0.03, 0.01),
    Difference(-0.03, -0.05, -0.01),
)


@pytest.mark.parametrize(
    ("rule", "baseline", "champion", "promoted", "reason"),
    [
        ("better", BETTER, None, True, "log-loss advantage over logistic"),
        ("better", MAYBE, None, False, "not proven better than logistic"),
        ("better", EQUAL, None, False, "not proven better than logistic"),
        ("better", WORSE, None, False, "not proven better than logistic"),
        ("better", BETTER, BETTER, True, "the champion (+0.0300 [+0.0100, +0.0500])"),
        ("better", BETTER, MAYBE, False, "not proven better than the champion"),
        ("better", BETTER, EQUAL, False, "not proven better than the champion"),
        ("better", WORSE, BETTER, False, "not proven better than logistic"),
        ("not_worse", BETTER, MAYBE, True, "log-loss advantage over logistic"),
        ("not_worse", BETTER, EQUAL, True, "log-loss advantage over logistic"),
        ("not_worse", BETTER, LESS, False, "worse than the champion"),
        ("not_worse", BETTER, WORSE, False, "worse than the champion"),
    ],
)
def test_only_a_challenger_proven_better_is_promoted(
    rule: Any, baseline: Difference, champion: Difference | None, promoted: bool, reason: str
) -> None:
    verdict = decide(Promotion(champion=rule), "log-loss", {"logistic": baseline}, champion)
    assert (verdict.promote, reason in verdict.reason) == (promoted, True), verdict.reason


def test_the_weakest_comparison_is_the_one_named() -> None:
    verdict = decide(Promotion(), "log-loss", {"constant": MAYBE, "bgnbd": WORSE, "logistic": LESS}, None)
    assert "than bgnbd" in verdict.reason


def test_a_score_that_is_not_a_number_proves_nothing() -> None:
    nothing = Difference(float("nan"), float("nan"), float("nan"))
    assert not decide(Promotion(), "log-loss", {"constant": nothing}, None).promote
    assert not decide(Promotion(champion="better"), "log-loss", {"constant": BETTER}, nothing).promote
    assert not decide(Promotion(champion="not_worse"), "log-loss", {"constant": BETTER}, nothing).promote


@pytest.fixture(scope="module")
def stores(dataset: Dataset, make_stores: MakeStores) -> Stores:
    made = make_stores()
    run_study(study(), dataset, made)
    return made


@pytest.fixture(scope="module")
def foretold(dataset: Dataset, stores: Stores) -> tuple[Verdict, str]:
    """What a preview says before anything is judged, and what the registry says of the version after it."""
    return preview(study(), dataset, stores), tags(stores, "1")["gate"]


@pytest.fixture(scope="module")
def first(foretold: object, dataset: Dataset, stores: Stores) -> Verdict:  # noqa: ARG001 - it must come before
    return promote(study(), dataset, stores)


def tags(stores: Stores, version: str, name: str = "churn") -> dict[str, str]:
    return dict(open_client(stores).get_model_version(name, version).tags)


def test_what_belongs_to_a_promotion_is_done_before_the_alias_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    class Client:
        def set_registered_model_alias(self, *alias: str) -> None:
            done.append(" ".join(alias))

    challenger = Version("churn", "1", "run", "sha256", {})
    found = Judgement(Verdict(True, "better", version="1"), challenger, None)
    monkeypatch.setattr("experiments.gate.open_client", lambda _: Client())
    monkeypatch.setattr("experiments.gate._tried", lambda *_: found)
    monkeypatch.setattr("experiments.gate.write_verdict", lambda *_: done.append("verdict"))
    promote(study(), cast(Dataset, None), cast(Stores, None), before=lambda: done.append("before"))
    assert done == ["verdict", "before", "churn champion 1"]


def test_a_preview_gives_the_verdict_and_writes_nothing(foretold: tuple[Verdict, str], first: Verdict) -> None:
    assert foretold == (replace(first, changed=False), "not judged yet")


def test_the_first_champion_has_beaten_the_baselines(first: Verdict, stores: Stores) -> None:
    assert first.promote
    assert first.changed
    champion = aliased(stores, "churn", CHAMPION)
    assert champion is not None
    assert champion.version == first.version == "1"
    found = tags(stores, "1")
    assert (found["gate"], found["gate.champion_before"]) == ("promoted", "none")
    assert "advantage over constant" in found["gate.reason"]
    assert float(found["gate.advantage_over.constant.low"]) > 0


def test_the_page_of_the_run_begins_with_the_verdict(first: Verdict, stores: Stores) -> None:
    client = open_client(stores)
    run_id = str(client.get_model_version("churn", "1").run_id)

    def paragraphs() -> list[str]:
        return client.get_run(run_id).data.tags["mlflow.note.content"].split("\n\n")

    head, title, *_ = before = paragraphs()
    assert head == f"> **Promoted** as version 1: {first.reason}"
    assert title.startswith("**")
    note_verdict(client, run_id, "only foretold", again=False)
    assert paragraphs() == before
    note_verdict(client, run_id, "judged again")
    assert paragraphs() == ["> judged again", *before[1:]]
    note_verdict(client, run_id, head.removeprefix("> "))


@pytest.mark.usefixtures("first")
def test_the_evidence_of_the_run_gives_the_verdict_of_a_new_test(dataset: Dataset, stores: Stores) -> None:
    client = open_client(stores)
    version = aliased(stores, "churn", CHALLENGER)
    assert version is not None
    recalled = judge(study(), dataset, client, version, None)
    fewer_trials = judge(study().adjusted(trials=1), dataset, client, version, None)
    client.set_tag(version.run_id, HASH_TAG, "0" * 64)  # evidence that was changed is not used
    anew = judge(study(), dataset, client, version, None)
    assert recalled == fewer_trials == anew
    assert recalled.promote


@pytest.mark.usefixtures("first")
def test_another_test_is_no_evidence(dataset: Dataset) -> None:
    other = replace(dataset, fingerprint="another")
    keys = [key_of_test(study(), dataset), key_of_test(study(calibrate=False), dataset), key_of_test(study(), other)]
    assert len(set(keys)) == 3


@pytest.mark.usefixtures("first")
def test_promoting_again_changes_nothing(dataset: Dataset, stores: Stores) -> None:
    before = tags(stores, "1")
    again = promote(study(), dataset, stores)
    assert (again.promote, again.changed, again.reason) == (False, False, "version 1 is the champion already")
    assert tags(stores, "1") == before


@pytest.mark.usefixtures("first")
def test_an_equal_challenger_is_refused_with_the_reason_in_its_tags(dataset: Dataset, stores: Stores) -> None:
    run_study(study(), dataset, stores, seed=99)
    verdict = promote(study(), dataset, stores)
    assert not verdict.promote
    assert "not proven better than the champion" in verdict.reason
    assert tags(stores, "2")["gate"] == "refused"
    assert tags(stores, "2")["gate.reason"] == verdict.reason
    champion, challenger = (aliased(stores, "churn", alias) for alias in (CHAMPION, CHALLENGER))
    assert champion is not None
    assert challenger is not None
    assert (champion.version, challenger.version) == ("1", "2")


@pytest.mark.usefixtures("first")
def test_the_champion_can_be_fetched_and_starts_the_next_search(stores: Stores) -> None:
    found = champions(stores)
    assert set(found) == {"churn"}
    assert (found["churn"].folder / "manifest.json").is_file()
    ((name, params),) = guesses(champion_model(stores, "churn"))
    assert name == "logistic"
    assert set(params) == {"ridge"}


def test_noise_is_not_promoted(make_dataset: Callable[..., Dataset], make_stores: MakeStores) -> None:
    frame = panel(120, 14)
    frame["label"] = (frame["noise_a"].sample(frac=1, random_state=1).to_numpy() > 0).astype(float)
    stores, noise = make_stores(), make_dataset(frame)
    run_study(study(), noise, stores, trials=2)
    verdict = promote(study(), noise, stores)
    assert not verdict.promote
    assert "not proven better than constant" in verdict.reason
    assert aliased(stores, "churn", CHAMPION) is None


@pytest.mark.usefixtures("first")
def test_a_model_trained_on_the_labels_of_a_cutoff_is_not_judged_there(dataset: Dataset, stores: Stores) -> None:
    older = dataset.frame[dataset.frame["as_of"] < dataset.cutoffs[-2]].reset_index(drop=True)
    past = replace(dataset, frame=older, fingerprint="older")
    run_study(study(), dataset, stores, seed=98)
    verdict = promote(study(), past, stores)
    assert not verdict.promote
    assert "was trained on labels up to" in verdict.reason


@pytest.mark.usefixtures("first")
def test_a_champion_that_reads_what_the_source_has_lost_is_no_rival(dataset: Dataset, stores: Stores) -> None:
    champion = champions(stores)["churn"]
    loaded = artifact.load(champion.folder, champion.sha256)
    assert unreadable(loaded, dataset) == ""
    poorer = replace(dataset, frame=dataset.frame.drop(columns="purchase_spend"))
    assert "reads purchase_spend, which the dataset has not" in unreadable(loaded, poorer)


def test_unsound_segments_come_into_force_by_a_person_alone_who_says_why(
    segments_run: tuple[Stores, StudyResult], group_dataset: Dataset, tmp_path: Path
) -> None:
    made, _ = segments_run
    shutil.copytree(artifacts_beside(made.tracking_uri).parent, tmp_path / "home")
    stores = Stores(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}", None, "")
    strict = group_study(promotion={"draws": 200, "min_stability": 1.0})
    verdict = promote(strict, group_dataset, stores)
    assert (verdict.promote, verdict.unsound) == (False, "unstable")
    told = tags(stores, "1", "segments")
    assert (told["gate"], told["gate.unsound"]) == ("refused", "unstable")
    verdict = promote(strict, group_dataset, stores, although_unsound="the campaign is planned")
    assert verdict.promote
    told = tags(stores, "1", "segments")
    assert (told["gate"], told["gate.unsound"]) == ("promoted", "unstable")
    assert "because: the campaign is planned" in told["gate.reason"]


def test_a_reason_for_unsound_segments_helps_no_prediction(
    make_dataset: Callable[..., Dataset], make_stores: MakeStores
) -> None:
    frame = panel(120, 14)
    frame["label"] = (frame["noise_a"].sample(frac=1, random_state=1).to_numpy() > 0).astype(float)
    stores, noise = make_stores(), make_dataset(frame)
    run_study(study(), noise, stores, trials=1)
    assert not promote(study(), noise, stores, although_unsound="we want it").promote


def test_segments_go_through_the_same_gate(segments_run: tuple[Stores, StudyResult], group_dataset: Dataset) -> None:
    stores, _ = segments_run
    verdict = promote(group_study(), group_dataset, stores)
    assert verdict.promote, verdict.reason
    assert verdict.scores["advantage_over.rfm.low"] > 0
    assert promote(group_study(), group_dataset, stores).reason == "version 1 is the champion already"


def test_nothing_to_promote_says_what_to_do(dataset: Dataset, make_stores: MakeStores) -> None:
    with pytest.raises(NotFound, match="`coterie train` with this study"):
        promote(study(), dataset, make_stores())


def test_no_tracking_store_means_no_champion(tmp_path: Path) -> None:
    assert champions(Stores(f"sqlite:///{tmp_path / 'none.db'}", None, "")) == {}
    assert not list(tmp_path.iterdir())
