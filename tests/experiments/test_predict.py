"""The choice: the best trial must be proven better than the first guess."""

import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from experiments import predict
from experiments.contest import BASELINE, TUNED, Contestant, Scored
from experiments.dataset import Dataset
from experiments.plots import predictions
from experiments.rolling import Validation, rolling_test
from experiments.search.trials import Trial
from features.errors import BadConfig, HistoryTooShort
from tests.experiments.conftest import panel, searched, study

NOW = datetime(2024, 1, 1)


def trial(slot: int, ridge: float, value: float | None) -> Trial:
    return Trial(slot, "logistic", {"ridge": ridge}, None if value is None else (value,), {}, "", NOW, NOW)


def loss(dataset: Dataset, ridge: float) -> float:
    return Validation(predict.prepare(study(), dataset))("logistic", {"ridge": ridge})[0][0]


def test_a_lucky_trial_does_not_replace_the_first_guess(dataset: Dataset) -> None:
    values = {ridge: loss(dataset, ridge) for ridge in (1.0, 1.3, 0.7)}
    trials = [trial(i, ridge, value) for i, (ridge, value) in enumerate(values.items())]
    chosen, why = predict.choose(predict.prepare(study(), dataset), trials)
    assert chosen.slot == 0
    assert "which proves nothing" in why or "is the best of 3" in why


def test_a_bad_first_guess_is_replaced(dataset: Dataset) -> None:
    trials = [trial(0, 1e6, loss(dataset, 1e6)), trial(1, 1.0, loss(dataset, 1.0))]
    chosen, why = predict.choose(predict.prepare(study(), dataset), trials)
    assert chosen.slot == 1
    assert why.startswith("trial 1 of 2 is better than the first guess by")


def test_a_resumed_search_chooses_as_one_that_was_not_interrupted(dataset: Dataset, tmp_path: Path) -> None:
    """Losses per row are not stored: of a trial from an earlier process they are computed again."""
    problem = predict.prepare(study(), dataset)
    fresh = searched(study(), dataset, tmp_path)
    resumed = searched(study(), dataset, tmp_path)
    assert [each.losses is None for each in fresh] == [False] * 6
    assert [each.losses is None for each in resumed] == [True] * 6
    worst = max(fresh, key=lambda each: each.value or 0.0)
    for first in (fresh[0], worst):
        again = next(each for each in resumed if each.slot == first.slot)
        chosen, why = predict.choose(problem, [first, *fresh])
        same, same_why = predict.choose(problem, [again, *resumed])
        assert (chosen.slot, why) == (same.slot, same_why)


def test_the_best_trial_is_taken_unproven_if_the_study_says_so(dataset: Dataset) -> None:
    best_wanted = study(search={"trials": 6, "validation_folds": 2, "accept": "best"})
    chosen, _ = predict.choose(predict.prepare(best_wanted, dataset), [trial(0, 1.0, 0.5), trial(1, 1.001, 0.4999)])
    assert chosen.slot == 1


def test_a_first_guess_that_failed_is_no_guess(dataset: Dataset) -> None:
    chosen, _ = predict.choose(predict.prepare(study(), dataset), [trial(0, 1.0, None), trial(1, 2.0, 0.5)])
    assert chosen.slot == 1


def test_losses_of_rows_average_to_what_the_search_compared(dataset: Dataset) -> None:
    # Both folds have equally many customers, so the mean over rows is the mean over folds.
    each = Validation(predict.prepare(study(), dataset))("logistic", {"ridge": 1.0})[2]
    assert each.mean() == pytest.approx(loss(dataset, 1.0))


def test_a_baseline_whose_columns_are_not_there_is_refused_by_name(make_dataset: Callable[..., Dataset]) -> None:
    without = make_dataset(panel(20, 14).drop(columns="purchase_spend"))
    with pytest.raises(BadConfig, match=r"logistic reads purchase_spend, .* take logistic out of churn"):
        predict.prepare(study(learners=["lightgbm"], baselines=["logistic"]), without)


def test_cutoffs_too_few_to_validate_at_are_refused_before_the_search(make_dataset: Callable[..., Dataset]) -> None:
    frame = panel(20, 14)
    few = make_dataset(frame[frame["as_of"] >= sorted(frame["as_of"].unique())[-5]])
    with pytest.raises(HistoryTooShort, match="at 5 cutoffs"):
        predict.prepare(study(), few)


@pytest.mark.parametrize(("expected", "apart"), [([5.0, 5.0], False), ([5.0, 6.0], True)])
def test_amounts_without_an_interval_are_told_apart_by_what_is_expected(expected: list[float], apart: bool) -> None:
    answers = [np.column_stack([expected, np.full((2, 2), np.nan)])]
    with warnings.catch_warnings(action="error"):
        assert predict.tells_apart(Scored(Contestant(BASELINE, "it", {}), None, {}, 0.0, answers=answers)) == apart


def test_what_the_labels_depend_on_is_what_the_model_is_shown_to_rely_on(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = predict.prepare(study(learners=["lightgbm"]), dataset)
    tested = rolling_test(problem, Contestant(TUNED, "lightgbm", {}))
    names, rises = predictions.permutation_importance(problem, tested)
    rise = dict(zip(names, rises.mean(axis=1), strict=True))
    assert max(rise, key=lambda name: rise[name]) == "purchase_recency_days"
    assert rise["purchase_recency_days"] > 10 * abs(rise["noise_a"])
    monkeypatch.setattr(predictions, "IMPORTANCE_COLUMNS", 2)
    heaviest, _ = predictions.permutation_importance(problem, tested)
    assert len(heaviest) == 2, "of many columns only the heaviest are shuffled"
    assert "purchase_recency_days" in heaviest
    assert "noise_a" not in heaviest
