"""A study's run: what MLflow shows, what the registry has, and that running twice runs once."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

import experiments.run
from experiments.dataset import Dataset
from experiments.gate import promote
from experiments.predict import prepare
from experiments.run import StudyResult, run_study
from experiments.search.trials import Trial
from experiments.studies import load_study
from experiments.tracking.addresses import LOCAL, tables_of_runs
from experiments.tracking.registry import CHALLENGER, CHAMPION, aliased, artifact_folder, champion_model, fetch_artifact
from experiments.tracking.runs import FAILURE_TAG, children_of, current_tracking, open_client
from experiments.tracking.stores import Stores, artifacts_beside
from features.errors import BadInput
from models import artifact
from models.learners import logistic
from models.predictor import predict
from models.segments import segmenter
from tests.experiments.conftest import group_study, groups, study

MakeStores = Callable[[], Stores]


@pytest.fixture(scope="module")
def stores(make_stores: MakeStores) -> Stores:
    return make_stores()


@pytest.fixture(scope="module")
def result(dataset: Dataset, stores: Stores) -> StudyResult:
    return run_study(study(), dataset, stores)


@pytest.fixture(scope="module")
def run(result: StudyResult, stores: Stores) -> Any:
    return open_client(stores).get_run(result.run_id)


@pytest.fixture(scope="module")
def children(run: Any, stores: Stores) -> dict[str, Any]:
    return children_of(open_client(stores), run.info.experiment_id, run.info.run_id)


def test_every_trial_and_baseline_is_a_finished_run_below_the_study(children: dict[str, Any]) -> None:
    assert sorted(children) == [
        "baseline constant",
        *(f"trial {slot:03d} logistic" for slot in range(6)),
    ]
    assert {child.info.status for child in children.values()} == {"FINISHED"}
    assert {child.data.tags["coterie.role"] for child in children.values()} == {"trial", "baseline"}


def test_trials_can_be_compared(children: dict[str, Any]) -> None:
    trials = [child for name, child in children.items() if name.startswith("trial")]
    assert len({trial.data.params["ridge"] for trial in trials}) == 6
    for trial in trials:
        assert trial.data.metrics["objective"] == trial.data.metrics["validation_log_loss"]
        assert 0 <= trial.info.end_time - trial.info.start_time < 60_000


def test_baselines_have_the_same_metric_names_as_the_model(run: Any, children: dict[str, Any]) -> None:
    for name in ("test_log_loss", "test_roc_auc", "test_lift_10", "by_cutoff/log_loss"):
        assert name in run.data.metrics
        assert name in children["baseline constant"].data.metrics
    assert run.data.metrics["test_log_loss"] < children["baseline constant"].data.metrics["test_log_loss"]


def test_scores_at_each_cutoff_are_a_line(run: Any, result: StudyResult, stores: Stores) -> None:
    points = open_client(stores).get_metric_history(run.info.run_id, "by_cutoff/log_loss")
    assert [point.step for point in points] == [0, 1]
    assert np.mean([point.value for point in points]) == pytest.approx(result.scores["log_loss"])


def test_an_advantage_is_above_zero_where_the_model_is_ahead(run: Any, children: dict[str, Any]) -> None:
    ours, theirs = (each.data.metrics["by_cutoff/log_loss"] for each in (run, children["baseline constant"]))
    lead = run.data.metrics["newest_log_loss_advantage_over/baseline_constant"]
    assert lead == pytest.approx(theirs - ours)
    assert lead > 0


def test_the_table_of_runs_opens_with_the_scores_of_the_test(run: Any, stores: Stores) -> None:
    client, experiment_id = open_client(stores), run.info.experiment_id
    address = tables_of_runs(client, LOCAL)["churn"]
    assert (
        address == f"{LOCAL}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey=coterie"
    )
    view = json.loads(client.get_experiment(experiment_id).tags["mlflow.sharedViewState.coterie"])
    shown = [column.removeprefix("metrics.`").rstrip("`") for column in view["selectedColumns"] if "metrics" in column]
    assert len(shown) > 2
    assert all(name.startswith("test_") and name in run.data.metrics for name in shown)


def test_the_dataset_is_logged_with_its_fingerprint(run: Any, dataset: Dataset) -> None:
    (found,) = run.inputs.dataset_inputs
    assert found.dataset.digest == dataset.fingerprint[:16]
    assert json.loads(found.dataset.source)["fingerprint"] == dataset.fingerprint
    assert json.loads(found.dataset.profile)["rows"] == len(dataset.frame)
    assert run.data.tags["coterie.dataset"] == dataset.fingerprint


def test_the_run_records_its_origin_and_its_scores(run: Any) -> None:
    assert "| baseline constant&emsp; |" in run.data.tags["mlflow.note.content"]
    assert run.data.tags["mlflow.source.name"] == "coterie train churn"
    assert run.data.params["candidate"] == "logistic"


def test_config_plots_and_artifact_can_be_opened(run: Any, stores: Stores, tmp_path: Path) -> None:
    client = open_client(stores)
    found = Path(client.download_artifacts(run.info.run_id, "", str(tmp_path)))
    assert load_study(found / "study.toml").key == study().key
    pictures = {path.stem: path.read_bytes() for path in found.glob("*.png")}
    assert set(pictures) == {"calibration", "gains_and_lift", "scores_by_cutoff", "importance", "reasons", "search"}
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 5_000 for picture in pictures.values())
    assert artifact.load(found / "artifact").manifest["study"] == "churn"


def test_the_challenger_is_the_model_that_was_tested(result: StudyResult, stores: Stores, dataset: Dataset) -> None:
    version = aliased(stores, "churn", CHALLENGER)
    assert version is not None
    assert (version.version, version.run_id, version.sha256) == (result.version, result.run_id, result.sha256)
    loaded = artifact.load(artifact_folder(open_client(stores), version), result.sha256)
    window = loaded.manifest["training_window"]
    assert window["labels_end"] <= loaded.manifest["test_cutoffs"][-1]
    sample = dataset.sample(loaded.model.features)
    newest = sample.where(sample.as_of == prepare(study(), dataset).tests[-1])
    assert predict(loaded.model, newest.X).mean() == pytest.approx(newest.y.mean(), abs=0.1)


def test_a_notebook_loads_the_same_model(result: StudyResult, stores: Stores, dataset: Dataset, tmp_path: Path) -> None:
    version = aliased(stores, "churn", CHALLENGER)
    assert version is not None
    plain = artifact.load(fetch_artifact(stores, version, tmp_path / "plain"), result.sha256).model
    X = dataset.frame[list(dataset.features)].head(50)
    with current_tracking(stores.tracking_uri):
        loaded = mlflow.pyfunc.load_model("models:/churn@challenger")
    shuffled = X[list(reversed(X.columns))]
    assert np.array_equal(loaded.predict(shuffled)["probability"], predict(plain, X)[:, 0])
    assert not list(tmp_path.rglob("*.pkl"))


def test_no_file_of_a_model_names_a_folder_of_this_machine(result: StudyResult, stores: Stores) -> None:
    assert result.version
    (model,) = artifacts_beside(stores.tracking_uri).rglob("MLmodel")
    text = model.read_text()
    assert tempfile.gettempdir() not in text
    assert str(Path(experiments.run.__file__).parent) not in text


def test_segments_are_registered_with_their_pictures(
    segments_run: tuple[Stores, StudyResult], group_dataset: Dataset
) -> None:
    stores, segments = segments_run
    assert segments.scores["copula_gap_low"] > 0
    assert set(segments.baselines) == {"baseline rfm"}
    client = open_client(stores)
    pictures = {file.path for file in client.list_artifacts(segments.run_id)}
    assert {"segment_map.png", "segment_profile.png", "structure.png", "report.html", "segments.json"} <= pictures
    with current_tracking(stores.tracking_uri):
        loaded = mlflow.pyfunc.load_model("models:/segments@challenger")
    version = aliased(stores, "segments", CHALLENGER)
    assert version is not None
    plain = artifact.load(artifact_folder(client, version)).model
    X = group_dataset.frame[list(group_dataset.features)]
    pd.testing.assert_frame_equal(loaded.predict(X), segmenter.assign(plain, X))


def test_segments_made_anew_keep_the_champions_ids_and_a_champion_is_not_its_own_ancestor(
    segments_run: tuple[Stores, StudyResult], make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    made, _ = segments_run
    shutil.copytree(artifacts_beside(made.tracking_uri).parent, tmp_path / "home")
    home = tmp_path / "home"
    stores = Stores(f"sqlite:///{home / 'mlflow.db'}", None, f"sqlite:///{home / 'optuna.db'}")
    client = open_client(stores)
    client.set_registered_model_alias("segments", CHAMPION, "1")
    champion = champion_model(stores, "segments")
    assert champion is not None
    later = make_dataset(groups(customers=330, seed=4))
    second = run_study(group_study(), later, stores, trials=2, champion=champion)
    assert not second.skipped
    client.set_registered_model_alias("segments", CHAMPION, second.version)
    now = champion_model(stores, "segments")
    assert now is not None
    before, after = ({each.id: each.name for each in loaded.model.catalogue} for loaded in (champion, now))
    assert after == before, "the same four groups"
    assert now.model.ledger == champion.model.ledger
    again = run_study(group_study(), later, stores, trials=2, champion=now)
    assert again.skipped
    assert again.sha256 == second.sha256


def test_a_finished_study_is_found_not_run(
    result: StudyResult, dataset: Dataset, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.run.search", lambda *_, **__: pytest.fail("searched again"))
    # As if another study of the name had been run since: the verdict is on what was asked for last.
    open_client(stores).delete_registered_model_alias("churn", CHALLENGER)
    again = run_study(study(), dataset, stores)
    assert again.skipped
    challenger = aliased(stores, "churn", CHALLENGER)
    assert challenger is not None
    assert challenger.version == again.version
    assert (again.run_id, again.version, again.sha256) == (result.run_id, result.version, result.sha256)
    assert again.scores["log_loss"] == pytest.approx(result.scores["log_loss"])
    assert set(again.baselines) == set(result.baselines)


def test_the_same_seed_gives_the_same_model_and_another_does_not(
    result: StudyResult, dataset: Dataset, make_stores: MakeStores
) -> None:
    elsewhere = make_stores()
    assert run_study(study(), dataset, elsewhere).sha256 == result.sha256
    assert run_study(study(), dataset, elsewhere, seed=8).sha256 != result.sha256


class Killed(BaseException):
    """Simulates the end of the process: nothing catches it."""


def test_a_killed_study_is_finished_by_the_next_run_in_the_same_parent(
    result: StudyResult, dataset: Dataset, make_stores: MakeStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = make_stores()

    def dies(trial: Trial) -> None:
        if trial.slot == 3:
            raise Killed

    with pytest.raises(Killed):
        run_study(study(), dataset, stores, on_trial=dies)
    for step in (experiments.run.record_contestant, experiments.run.register):

        def done_then_dies(*arguments: Any, step: Any = step) -> None:
            step(*arguments)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(experiments.run, step.__name__, done_then_dies)
            with pytest.raises(Killed):
                run_study(study(), dataset, stores)
    finished = run_study(study(), dataset, stores)
    assert not finished.skipped
    assert (finished.version, finished.sha256) == ("1", result.sha256)
    client = open_client(stores)
    everything = client.search_runs([client.get_run(finished.run_id).info.experiment_id])
    assert len(everything) == 1 + 6 + 1
    assert {run.info.status for run in everything} == {"FINISHED"}


def test_a_baseline_that_stands_in_is_registered_with_the_columns_it_reads(
    dataset: Dataset, make_stores: MakeStores
) -> None:
    """Labels from a logistic rule, which trees do not beat: the baseline is plotted, saved, judged and loaded."""
    noisy = replace(
        dataset, frame=dataset.frame.assign(profile_age_years=40.0), features=(*dataset.features, "profile_age_years")
    )
    weak = study(
        learners=["lightgbm"],
        baselines=["constant", "logistic"],
        features={"include": ["purchase_*"], "exclude": ["purchase_tenure_days"]},
        search={"trials": 1, "validation_folds": 1},
    )
    stores = make_stores()
    result = run_study(weak, noisy, stores)
    assert result.candidate == "logistic"
    client = open_client(stores)
    assert client.get_run(result.run_id).info.status == "FINISHED"
    version = aliased(stores, "churn", CHALLENGER)
    assert version is not None
    assert artifact.load(artifact_folder(client, version)).manifest["features"] == list(logistic.READS)
    assert promote(weak, noisy, stores).promote
    with current_tracking(stores.tracking_uri):
        loaded = mlflow.pyfunc.load_model("models:/churn@champion")
    assert loaded.predict(noisy.frame[list(logistic.READS)])["probability"].between(0, 1).all()


@pytest.mark.parametrize(("error", "status"), [(AttributeError("a bug"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_whatever_goes_wrong_ends_the_run_and_the_next_try_finishes_it(
    error: BaseException, status: str, dataset: Dataset, make_stores: MakeStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores, quick = make_stores(), study(search={"trials": 1, "validation_folds": 1})

    def breaks(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(experiments.run, "search_plot", breaks)
        with pytest.raises(type(error)):
            run_study(quick, dataset, stores)
    client = open_client(stores)
    (experiment,) = [each for each in client.search_experiments() if each.name == "churn"]
    (run,) = [r for r in client.search_runs([experiment.experiment_id]) if r.data.tags["coterie.role"] == "study"]
    assert run.info.status == status
    again = run_study(quick, dataset, stores)
    assert again.run_id == run.info.run_id
    assert client.get_run(again.run_id).info.status == "FINISHED"
    assert FAILURE_TAG in run.data.tags
    assert FAILURE_TAG not in client.get_run(again.run_id).data.tags


def test_a_dataset_of_another_question_is_refused_before_anything_is_started(
    dataset: Dataset, make_stores: MakeStores
) -> None:
    stores = make_stores()
    with pytest.raises(BadInput, match=r"answers churn .lapses. at 30 days, study churn asks for churn .lapses. at 60"):
        run_study(study(horizon_days=60), dataset, stores)
    assert not artifacts_beside(stores.tracking_uri).exists()


def test_importing_does_nothing() -> None:
    script = (
        "import experiments.run, experiments.gate, experiments.tracking.registry, sys, os;"
        "assert 'mlflow' not in sys.modules and 'matplotlib' not in sys.modules;"
        "assert 'MLFLOW_TRACKING_URI' not in os.environ;"
        "import experiments.tracking.pyfunc, mlflow.models.model;"
        "assert mlflow.models.model.__mlflow_model__ is None"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_the_global_tracking_uri_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mine.db")
    with current_tracking("sqlite:///other.db"):
        assert mlflow.get_tracking_uri() == "sqlite:///other.db"
    assert mlflow.get_tracking_uri() == "sqlite:///mine.db"
