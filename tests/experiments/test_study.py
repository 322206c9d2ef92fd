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

from experiments.config import StudyConfig, to_toml
from experiments.dataset import Dataset, write_dataset
from experiments.objective import Objective, PredictObjective, dataset_tests
from experiments.search.trials import Trial, best, search
from experiments.splits import validation_folds
from features.errors import BadInput, CoterieError
from models.learners import logistic
from tests.experiments.conftest import group_study, study


def told(trials: list[Trial]) -> list[Any]:
    return [(trial.slot, trial.candidate, trial.params, trial.value) for trial in trials]


def run(config: StudyConfig, dataset: Dataset, folder: Path, **more: Any) -> list[Trial]:
    return search(config, dataset, f"sqlite:///{folder / 'optuna.db'}", "it", **more)


def test_two_workers_find_what_one_finds(dataset: Dataset, tmp_path: Path) -> None:
    one = run(study(), dataset, tmp_path / "one")
    two = run(study(), dataset, tmp_path / "two", workers=2)
    assert told(one) == told(two)
    assert len({trial.params["ridge"] for trial in one}) == 6


def test_another_seed_tries_other_parameters(dataset: Dataset, tmp_path: Path) -> None:
    one = run(study(), dataset, tmp_path / "one")
    two = run(study().adjusted(seed=8), dataset, tmp_path / "two")
    assert told(one)[0] == told(two)[0], "the defaults come first whatever the seed"
    assert told(one)[1:] != told(two)[1:]


def test_a_killed_search_goes_on_with_the_trials_it_lacks(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = study()
    (tmp_path / "study.toml").write_text(to_toml(config))
    again = write_dataset(
        tmp_path / "data", dataset.frame, dataset.features, dataset.task, dataset.horizon_days, dataset.facts
    )
    script = f"""
        import os, signal
        from pathlib import Path
        from experiments.config import load_study
        from experiments.dataset import read_dataset
        from experiments.search.trials import search
        def kill_after_third(trial):
            if trial.slot == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        folder = Path({str(tmp_path)!r})
        search(load_study(folder / "study.toml"), read_dataset(folder / "data"), f"sqlite:///{{folder / 'optuna.db'}}",
               "it", on_trial=kill_after_third)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=Path.cwd(), check=False)
    assert killed.returncode == -signal.SIGKILL
    evaluated = []
    evaluate = Objective.__call__
    monkeypatch.setattr(Objective, "__call__", lambda self, *args: evaluated.append(args) or evaluate(self, *args))
    resumed = run(config, again, tmp_path)
    assert len(evaluated) == 3
    assert told(resumed) == told(run(config, again, tmp_path / "undisturbed"))


def test_a_finished_search_is_read_not_run(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(study(), dataset, tmp_path)
    monkeypatch.setattr(Objective, "__call__", lambda *_: pytest.fail("a stored trial was evaluated again"))
    heard: list[Trial] = []
    assert told(run(study(), dataset, tmp_path, on_trial=heard.append)) == told(first)
    assert heard == first, "times included"
    stored = optuna.load_study(study_name="it", storage=f"sqlite:///{tmp_path / 'optuna.db'}")
    assert len(stored.trials) == 6


def test_optunas_own_storage_shows_every_finished_trial(dataset: Dataset, tmp_path: Path) -> None:
    trials = run(study(), dataset, tmp_path)
    stored = optuna.load_study(study_name="it", storage=f"sqlite:///{tmp_path / 'optuna.db'}")
    assert {trial.value for trial in stored.trials} == {trial.value for trial in trials}
    assert stored.best_params["ridge"] == best(study(), trials).params["ridge"]


def test_the_warm_start_is_tried_first_and_then_the_defaults(dataset: Dataset, tmp_path: Path) -> None:
    trials = run(study(), dataset, tmp_path, warm_start=[("logistic", {"ridge": 123.0})])
    assert [trial.params for trial in trials[:2]] == [{"ridge": 123.0}, logistic.DEFAULTS]


def test_each_candidate_starts_with_its_defaults_and_keeps_its_own_names(
    group_dataset: Dataset, tmp_path: Path
) -> None:
    trials = run(group_study(), group_dataset, tmp_path)
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
    trials = run(study(), dataset, tmp_path)
    assert (trials[0].value, trials[0].reason) == (None, "ridge of 1 is not to my taste")
    assert best(study(), trials).params["ridge"] != 1.0
    assert told(run(study(), dataset, tmp_path)) == told(trials), "a failure is an answer and is not tried again"


def test_a_search_without_a_success_says_why(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise BadInput("no such luck")

    monkeypatch.setattr(logistic, "fit", never)
    with pytest.raises(BadInput, match="none of the 6 trials of study next_purchase succeeded: no such luck"):
        best(study(), run(study(), dataset, tmp_path))


def test_a_bug_in_a_learner_is_not_taken_for_an_answer(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise AttributeError("bug")

    monkeypatch.setattr(logistic, "fit", broken)
    with pytest.raises(AttributeError, match="bug"):
        run(study(), dataset, tmp_path)


def kill_a_worker() -> None:
    """Kill one of this process's workers, as the system does when memory runs out."""
    os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)


def test_a_killed_worker_ends_the_search_with_a_sentence_and_loses_no_finished_trial(
    dataset: Dataset, tmp_path: Path
) -> None:
    def after_first(trial: Trial) -> None:
        if trial.slot == 0:
            kill_a_worker()

    with pytest.raises(CoterieError, match="a worker process ended unexpectedly"):
        run(study(), dataset, tmp_path, workers=2, on_trial=after_first)
    assert told(run(study(), dataset, tmp_path)) == told(run(study(), dataset, tmp_path / "undisturbed"))


def test_workers_end_when_their_parent_is_killed(dataset: Dataset, tmp_path: Path) -> None:
    script = f"""
        import os, signal, multiprocessing
        from pathlib import Path
        from experiments.objective import Objective
        from experiments.search.workers import evaluator
        from tests.experiments.conftest import study
        from experiments.dataset import read_dataset
        if __name__ == "__main__":
            with evaluator(Objective(study(), read_dataset(Path({str(tmp_path / "data")!r}))), 2) as evaluate:
                evaluate("logistic", {{"ridge": 1.0}}).result()
                for child in multiprocessing.active_children():
                    print(child.pid, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
    """
    write_dataset(tmp_path / "data", dataset.frame, dataset.features, dataset.task, dataset.horizon_days, {})
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
    config = study()
    first_test = dataset_tests(config, dataset)[0]
    unknown = dataset.frame["as_of"] + 30.0 > first_test
    flipped = dataset.frame.assign(label=dataset.frame["label"].where(~unknown, 1 - dataset.frame["label"]))
    other = Dataset(flipped, dataset.features, dataset.task, dataset.horizon_days, "flipped", {})
    known, seen = (Objective(config, each)("logistic", {"ridge": 1.0}) for each in (dataset, other))
    assert unknown.any()
    assert known.scores == seen.scores


def test_labels_unknown_at_a_validation_fold_do_not_move_its_predictions(dataset: Dataset) -> None:
    config = study()
    cutoffs = validation_folds(dataset.cutoffs, dataset_tests(config, dataset)[0], 30.0, 2)
    assert len(cutoffs) == 2
    for i, cutoff in enumerate(cutoffs):
        unknown = dataset.frame["as_of"] + 30.0 > cutoff
        flipped = dataset.frame.assign(label=dataset.frame["label"].where(~unknown, 1 - dataset.frame["label"]))
        other = Dataset(flipped, dataset.features, dataset.task, dataset.horizon_days, "flipped", {})
        (_, honest), (_, seen) = (
            PredictObjective(Objective(config, each)).predictions("logistic", {"ridge": 1.0})[i]
            for each in (dataset, other)
        )
        assert np.array_equal(honest, seen)


def test_the_panel_has_something_to_learn(dataset: Dataset) -> None:
    scores = Objective(study(), dataset)("logistic", {"ridge": 1.0}).scores
    assert scores["validation_roc_auc"] > 0.7
