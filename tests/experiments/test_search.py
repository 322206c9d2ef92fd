"""The search: the same trials however many workers there are and however often it is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from experiments.dataset import Dataset, write_dataset
from experiments.predict import prepare
from experiments.rolling import Validation
from experiments.search.objective import Objective
from experiments.search.trials import Trial, best
from experiments.splits import validation_folds
from experiments.studies import to_toml
from features.errors import BadInput, CoterieError
from models.learners import logistic
from tests.experiments.conftest import flipped_where, group_study, searched, study


def listed(trials: list[Trial]) -> list[Any]:
    return [(trial.slot, trial.candidate, trial.params, trial.value) for trial in trials]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the undisturbed search is stored."""
    return tmp_path_factory.mktemp("undisturbed")


@pytest.fixture(scope="module")
def undisturbed(dataset: Dataset, folder: Path) -> list[Trial]:
    """The trials of the search by one worker."""
    return searched(study(), dataset, folder)


@pytest.mark.usefixtures("forked_workers")
def test_two_workers_find_what_one_finds(dataset: Dataset, undisturbed: list[Trial], tmp_path: Path) -> None:
    assert listed(searched(study(), dataset, tmp_path, workers=2)) == listed(undisturbed)
    assert len({trial.params["ridge"] for trial in undisturbed}) == 6


def test_another_seed_tries_other_parameters(dataset: Dataset, undisturbed: list[Trial], tmp_path: Path) -> None:
    other = searched(study().adjusted(seed=8), dataset, tmp_path)
    assert listed(other)[0] == listed(undisturbed)[0], "the defaults come first whatever the seed"
    assert listed(other)[1:] != listed(undisturbed)[1:]


def test_a_killed_search_resumes_with_the_missing_trials(
    dataset: Dataset, undisturbed: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = study()
    (tmp_path / "study.toml").write_text(to_toml(config))
    again = write_dataset(tmp_path / "data", [dataset.frame], dataset.features, dataset.question, dataset.facts)
    script = f"""
        import os, signal
        from pathlib import Path
        from experiments.studies import load_study
        from experiments.dataset import read_dataset
        from tests.experiments.conftest import searched
        def kill_after_third(trial):
            if trial.slot == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        folder = Path({str(tmp_path)!r})
        searched(load_study(folder / "study.toml"), read_dataset(folder / "data"), folder, on_trial=kill_after_third)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=Path.cwd(), check=False)
    assert killed.returncode == -signal.SIGKILL
    evaluated = []
    evaluate = Objective.__call__
    monkeypatch.setattr(Objective, "__call__", lambda self, *args: evaluated.append(args) or evaluate(self, *args))
    resumed = searched(config, again, tmp_path)
    assert len(evaluated) == 3
    assert listed(resumed) == listed(undisturbed)


def test_a_finished_search_is_read_not_run(
    dataset: Dataset, undisturbed: list[Trial], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Objective, "__call__", lambda *_: pytest.fail("a stored trial was evaluated again"))
    received: list[Trial] = []
    assert listed(searched(study(), dataset, folder, on_trial=received.append)) == listed(undisturbed)
    assert received == undisturbed, "times included"
    stored = optuna.load_study(study_name="it", storage=f"sqlite:///{folder / 'optuna.db'}")
    assert len(stored.trials) == 6


def test_optunas_own_storage_shows_every_finished_trial(undisturbed: list[Trial], folder: Path) -> None:
    stored = optuna.load_study(study_name="it", storage=f"sqlite:///{folder / 'optuna.db'}")
    assert {trial.value for trial in stored.trials} == {trial.value for trial in undisturbed}
    assert stored.best_params["ridge"] == best(undisturbed, "minimize").params["ridge"]


def test_the_warm_start_is_tried_first_and_then_the_defaults(dataset: Dataset, tmp_path: Path) -> None:
    trials = searched(study(), dataset, tmp_path, warm_start=[("logistic", {"ridge": 123.0})])
    assert [trial.params for trial in trials[:2]] == [{"ridge": 123.0}, logistic.DEFAULTS]


def test_each_candidate_starts_with_its_defaults_and_keeps_its_own_names(
    group_dataset: Dataset, tmp_path: Path
) -> None:
    trials = searched(group_study(), group_dataset, tmp_path)
    assert [trial.candidate for trial in trials[:2]] == ["kmeans", "hdbscan"]
    assert trials[0].params == {"k": 6}
    assert "min_samples" in trials[1].params


def test_parameters_that_cannot_be_fitted_are_recorded_and_passed_over(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = logistic.fit

    def picky(sample: Any, params: Any, seed: int) -> Any:
        if params["ridge"] == 1.0:
            raise BadInput("ridge of 1 is not to my taste")
        return fit(sample, params, seed)

    monkeypatch.setattr(logistic, "fit", picky)
    trials = searched(study(), dataset, tmp_path)
    assert (trials[0].value, trials[0].reason) == (None, "ridge of 1 is not to my taste")
    assert best(trials, "minimize").params["ridge"] != 1.0
    assert listed(searched(study(), dataset, tmp_path)) == listed(trials), (
        "a failure is an answer and is not tried again"
    )


def test_a_search_without_a_successful_trial_says_why(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise BadInput("no such luck")

    monkeypatch.setattr(logistic, "fit", never)
    with pytest.raises(BadInput, match="none of the 6 trials succeeded: no such luck"):
        best(searched(study(), dataset, tmp_path), "minimize")


def test_a_bug_in_a_learner_ends_the_search(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise AttributeError("bug")

    monkeypatch.setattr(logistic, "fit", broken)
    with pytest.raises(AttributeError, match="bug"):
        searched(study(), dataset, tmp_path)


def kill_the_workers() -> None:
    """Kill this process's workers, as the system does when memory runs out; one left could finish all trials first."""
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGKILL)


@pytest.mark.usefixtures("forked_workers")
def test_a_killed_worker_ends_the_search_with_a_sentence_and_loses_no_finished_trial(
    dataset: Dataset, undisturbed: list[Trial], tmp_path: Path
) -> None:
    def after_first(trial: Trial) -> None:
        if trial.slot == 0:
            kill_the_workers()

    with pytest.raises(CoterieError, match="a worker process ended unexpectedly"):
        searched(study(), dataset, tmp_path, workers=2, on_trial=after_first)
    assert listed(searched(study(), dataset, tmp_path)) == listed(undisturbed)


def test_workers_end_when_their_parent_is_killed(dataset: Dataset, tmp_path: Path) -> None:
    script = f"""
        import os, signal, multiprocessing
        from pathlib import Path
        from experiments.predict import evaluation, prepare
        from experiments.search.objective import Objective
        from experiments.search.workers import evaluator
        from tests.experiments.conftest import study
        from experiments.dataset import read_dataset
        if __name__ == "__main__":
            problem = prepare(study(), read_dataset(Path({str(tmp_path / "data")!r})))
            with evaluator(Objective(evaluation(problem)), 2) as evaluate:
                evaluate("logistic", {{"ridge": 1.0}}).result()
                for child in multiprocessing.active_children():
                    print(child.pid, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
    """
    write_dataset(tmp_path / "data", [dataset.frame], dataset.features, dataset.question, {})
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    workers = [int(word) for word in ended.stdout.split()]
    assert workers, ended.stderr
    assert all(gone_within(worker, seconds=10) for worker in workers)


def gone_within(process: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_labels_unknown_at_the_first_test_cutoff_do_not_reach_the_search(dataset: Dataset) -> None:
    unknown = dataset.frame["as_of"] + 30.0 > prepare(study(), dataset).tests[0]
    other = flipped_where(dataset, unknown)
    known, seen = (Validation(prepare(study(), each))("logistic", {"ridge": 1.0}) for each in (dataset, other))
    assert unknown.any()
    assert known[:2] == seen[:2]
    assert np.array_equal(known[2], seen[2])


def test_labels_unknown_at_a_validation_fold_do_not_change_its_predictions(dataset: Dataset) -> None:
    cutoffs = validation_folds(dataset.cutoffs, prepare(study(), dataset).tests[0], 30.0, 2)
    assert len(cutoffs) == 2
    for i, cutoff in enumerate(cutoffs):
        other = flipped_where(dataset, dataset.frame["as_of"] + 30.0 > cutoff)
        (_, honest), (_, seen) = (
            Validation(prepare(study(), each)).answers("logistic", {"ridge": 1.0})[i] for each in (dataset, other)
        )
        assert np.array_equal(honest, seen)


def test_the_dataset_has_something_to_learn(dataset: Dataset) -> None:
    _, scores, _ = Validation(prepare(study(), dataset))("logistic", {"ridge": 1.0})
    assert scores["validation_roc_auc"] > 0.7
