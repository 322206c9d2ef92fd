"""What scores are made of, as a run shows it."""

from pathlib import Path

import numpy as np
import pytest

from experiments import predict
from experiments.contest import BASELINE, TUNED, Contestant
from experiments.dataset import Dataset
from experiments.plots import charts, predictions
from experiments.reasons import reasons_plot, said_by_family
from experiments.rolling import rolling_test
from features.families import family_of
from models.learners import learner
from tests.experiments.conftest import study


def test_a_family_says_as_much_as_its_columns_move_customers_of_the_newest_cutoff(dataset: Dataset) -> None:
    problem = predict.prepare(study(learners=["lightgbm"]), dataset)
    tested = rolling_test(problem, Contestant(TUNED, "lightgbm", {"n_estimators": 30}))
    found = said_by_family(problem, tested)
    newest = dataset.frame[dataset.as_of == problem.tests[-1]]
    names, each = learner("lightgbm").contributions(tested.model.model, newest[list(tested.model.features)])
    for family, mean in found.items():
        own = [place for place, name in enumerate(names) if family_of(name) == family]
        assert mean == pytest.approx(np.abs(each[:, own].sum(axis=1)).mean(), rel=1e-9)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert next(iter(found)) == "purchase", "labels depend on recency"
    assert predict.facts(problem, tested)["reasons"] == found


def test_a_run_has_the_plot_where_scores_are_sums(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other pictures take seconds.
    monkeypatch.setattr(charts, "draw", lambda *_: None)
    monkeypatch.setattr(predictions, "importance_plot", lambda *_: None)
    problem = predict.prepare(study(), dataset)
    reasons_plot(tmp_path / "one.png", "What scores are made of", problem, {"purchase": 0.5, "unheard": 0.25})
    assert (tmp_path / "one.png").read_bytes()[1:4] == b"PNG"
    constant = rolling_test(problem, Contestant(BASELINE, "constant", {}))
    assert said_by_family(problem, constant) == {}
    logistic = rolling_test(problem, Contestant(TUNED, "logistic", {}))
    for tested in (constant, logistic):
        predict.pictures(problem, tmp_path / tested.contestant.candidate, "title", [tested])
    assert not (tmp_path / "constant" / "reasons.png").exists()
    assert (tmp_path / "logistic" / "reasons.png").exists()
