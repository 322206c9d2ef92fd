"""Data of one date are tested by folds of customers: nobody is scored by a model, or a search, that saw their label."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments.contest import TUNED, Contestant
from experiments.dataset import Dataset
from experiments.predict import facts, prepare
from experiments.rolling import Problem, Validation, rolling_test
from experiments.rounds import folds_of
from experiments.study import PredictStudy
from features.errors import BadConfig
from tests.experiments.conftest import flipped_where, panel, study

ONE_DATE = {"cutoffs": {"test": ["2024-01-01"], "folds": 3}, "calibrate": False, "search": {"validation_folds": 2}}


@pytest.fixture(scope="module")
def one_date(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(panel(customers=500, cutoffs=1))


def by_folds() -> PredictStudy:
    return study(**ONE_DATE)


@pytest.fixture(scope="module")
def problem(one_date: Dataset) -> Problem:
    return prepare(by_folds(), one_date)


def test_no_model_of_a_fold_learns_from_it(problem: Problem, one_date: Dataset) -> None:
    logistic = Contestant(TUNED, "logistic", {})
    before = rolling_test(problem, logistic)
    assert before.cutoffs == (2.0, 3.0, 4.0)
    for i, fold in enumerate(problem.tests):
        assert problem.folds is not None
        flipped = prepare(by_folds(), flipped_where(one_date, pd.Series(problem.folds == fold)))
        after = rolling_test(flipped, logistic)
        assert np.array_equal(after.answers[i], before.answers[i])
        assert not np.array_equal(after.answers[i - 1], before.answers[i - 1])


def test_the_search_sees_nobody_of_the_test(problem: Problem, one_date: Dataset) -> None:
    assert problem.folds is not None
    tested = np.isin(problem.folds, problem.tests)
    assert 200 < tested.sum() < 400
    flipped = prepare(by_folds(), flipped_where(one_date, pd.Series(tested)))
    assert Validation(flipped)("logistic", {})[0] == Validation(problem)("logistic", {})[0]
    assert len(Validation(problem).customers) == (~tested).sum()


def test_a_customers_fold_depends_on_the_id_and_the_seed_alone(one_date: Dataset) -> None:
    ids = one_date.frame["customer_id"]
    folds = folds_of(ids, 5, seed=7)
    assert np.array_equal(folds_of(ids[::-1], 5, seed=7)[::-1], folds)
    assert set(folds) == set(range(5))
    assert not np.array_equal(folds_of(ids, 5, seed=8), folds)


def test_the_facts_name_the_date_and_the_folds(problem: Problem) -> None:
    found = facts(problem, rolling_test(problem, Contestant(TUNED, "constant", {})))
    assert found["training_window"] == dict.fromkeys(("first_cutoff", "last_cutoff", "labels_end"), "2024-01-01")
    assert found["test_cutoffs"] == ["fold 2", "fold 3", "fold 4"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"calibrate": True}, "write calibrate = false"),
        ({"search": {"validation_folds": 1}}, "at least 2 search.validation_folds"),
        ({"cutoffs": {"test": 3, "folds": 3}}, "folds are of customers at one date"),
    ],
)
def test_what_folds_need_is_said(change: dict[str, object], part: str) -> None:
    with pytest.raises(BadConfig, match=part):
        study(**{**ONE_DATE, **change})
