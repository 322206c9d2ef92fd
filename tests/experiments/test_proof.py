"""A study whose test rests on too few customers, or on one outcome, is refused before anything is trained."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.dataset import Dataset
from experiments.predict import prepare
from experiments.proof import CUSTOMERS_MIN, OUTCOME_MIN
from experiments.rounds import folds_of
from features.errors import HistoryTooShort
from tests.experiments.conftest import panel, study, with_labels


def test_too_few_customers_at_a_test_cutoff(make_dataset: Callable[..., Dataset]) -> None:
    with pytest.raises(HistoryTooShort, match=f"has {CUSTOMERS_MIN - 1} customers.*look in the audit"):
        prepare(study(), make_dataset(panel(customers=CUSTOMERS_MIN - 1, cutoffs=14)))


def test_cutoffs_at_which_nobody_was_eligible_are_named_where_tests_are_missing(
    make_dataset: Callable[..., Dataset],
) -> None:
    """As after one stray late order: without it the cutoffs would be those at which there are customers."""
    short = make_dataset(panel(customers=60, cutoffs=2))
    with pytest.raises(HistoryTooShort, match=r"cutoffs\.test asks for 3"):
        prepare(study(cutoffs={"test": 3}), short)
    asked = replace(short, facts={**short.facts, "cutoffs": [str(n) for n in range(7)]})
    with pytest.raises(HistoryTooShort, match=r"eligible at 5 of the newest cutoffs .*look in the audit for a stray"):
        prepare(study(cutoffs={"test": 3}), asked)


def test_the_least_number_of_customers_is_enough(make_dataset: Callable[..., Dataset]) -> None:
    few = make_dataset(panel(customers=CUSTOMERS_MIN, cutoffs=14))
    prepare(study(), with_labels(few, pd.Series(np.arange(len(few.frame)) % 2, dtype=float)))


@pytest.mark.parametrize(("customers", "proves"), [(CUSTOMERS_MIN, True), (CUSTOMERS_MIN - 1, False)])
def test_folds_of_customers_are_counted_together_and_without_those_of_the_search(
    make_dataset: Callable[..., Dataset], customers: int, proves: bool
) -> None:
    by_folds = study(
        cutoffs={"test": ["2024-01-01"], "folds": 3}, calibrate=False, search={"trials": 1, "validation_folds": 2}
    )
    everybody = make_dataset(panel(customers=200, cutoffs=1))
    tested = np.flatnonzero(folds_of(everybody.frame["customer_id"], 5, by_folds.sample.seed) >= 2)
    gone = everybody.frame.index.isin(tested[customers:])
    fewer = make_dataset(everybody.frame[~gone].reset_index(drop=True).assign(label=lambda frame: frame.index % 2.0))
    with nullcontext() if proves else pytest.raises(HistoryTooShort, match=f"the test has {customers} customers"):
        prepare(by_folds, fewer)


@pytest.mark.parametrize("which", [0, -1])
@pytest.mark.parametrize("rarer", [0, 1])
def test_too_few_of_either_outcome_at_one_test_cutoff(dataset: Dataset, rarer: int, which: int) -> None:
    tests = prepare(study(), dataset).tests
    at, label = dataset.as_of == tests[which], dataset.frame["label"].copy()
    label[at] = 1 - rarer
    label[np.flatnonzero(at)[:OUTCOME_MIN]] = rarer
    prepare(study(), with_labels(dataset, label))
    label[np.flatnonzero(at)[0]] = 1 - rarer
    with pytest.raises(
        HistoryTooShort, match=f"has 400 customers, {OUTCOME_MIN - 1} of them with the rarer outcome of churn"
    ):
        prepare(study(), with_labels(dataset, label))
