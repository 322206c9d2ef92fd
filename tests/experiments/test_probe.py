"""The leak probe: planted leaks are found, the gate refuses what they made, and honest data raise no flag."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from experiments import predict, probe
from experiments.dataset import Dataset
from experiments.gate import preview
from experiments.rolling import Problem
from experiments.run import run_study
from experiments.tracking.stores import Stores
from tests.experiments.conftest import panel, study

Make = Callable[[pd.DataFrame], Dataset]
TREES = {"learners": ["lightgbm"], "search": {"trials": 1, "validation_folds": 2}}


@pytest.fixture(scope="module")
def leaky(make_dataset: Make) -> Dataset:
    """A column that was written when the outcome was known: wrong for one customer in fifty."""
    frame = panel(customers=400, cutoffs=14)
    wrong = np.random.default_rng(3).random(len(frame)) < 0.02
    return make_dataset(frame.assign(basket_status=np.where(wrong, 1 - frame["label"], frame["label"])))


def test_an_honest_dataset_raises_no_flag(dataset: Dataset) -> None:
    found = probe.probe(predict.prepare(study(**TREES), dataset))
    assert found.faults() == []
    assert found.best[0] == "purchase_recency_days"
    assert abs(found.shuffled - 0.5) < 0.1


def test_a_feature_that_knows_the_outcome_is_named_and_refused(
    leaky: Dataset, make_stores: Callable[[], Stores]
) -> None:
    config, stores = study(**TREES), make_stores()
    assert list(probe.probe(predict.prepare(config, leaky)).suspects) == ["basket_status"]
    run_study(config, leaky, stores)
    verdict = preview(config, leaky, stores)
    assert not verdict.promote
    assert "basket_status alone foretells the outcome" in verdict.reason


def test_a_feature_that_is_excluded_or_trusted_is_no_suspect(leaky: Dataset) -> None:
    excluded = study(**TREES, features={"exclude": ["basket_status"]})
    trusted = study(**TREES, promotion={"draws": 200, "trusted": ["basket_*"]})
    for config in (excluded, trusted):
        assert probe.leaks(predict.prepare(config, leaky)) == []


def test_the_auc_of_a_column_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    event = random.random(500) < 0.3
    values = np.round(random.normal(size=500) - event, 1)  # with ties, and lower for the event
    assert probe.auc_of(values, event) == pytest.approx(1 - roc_auc_score(event, values))


def test_a_model_that_predicts_shuffled_labels_is_a_fault() -> None:
    found = probe.Probe({}, ("purchase_recency_days", 0.7), 0.60, 0.02, ())
    assert found.faults() == ["a model of shuffled labels has an AUC of 0.60, which should be 0.50"]
    assert probe.Probe({}, ("purchase_recency_days", 0.7), 0.55, 0.02, ()).faults() == []


def test_labels_that_reach_into_the_test_are_found(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overlapping label windows: as if the newest labels before a cutoff were known at it."""
    problem = predict.prepare(study(), dataset)
    assert probe.touching(problem) == ()
    monkeypatch.setattr(Problem, "learnt", lambda _, sample, key: sample.where(sample.as_of < key))
    assert probe.touching(replace(problem)) == tuple(map(problem.name, problem.tests))


def test_folds_that_share_customers_are_found(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = predict.prepare(study(), dataset)
    folded = replace(problem, folds=np.arange(len(dataset.frame)) % 5, tests=(3.0, 4.0))
    assert probe.touching(folded) == ()
    monkeypatch.setattr(Problem, "learnt", lambda _, sample, __: sample)
    assert probe.touching(folded) == ("fold 3", "fold 4")
