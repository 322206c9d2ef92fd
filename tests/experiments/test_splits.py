"""Cutoffs and folds: training labels are known at the cutoff, and the newest complete cutoffs are for testing."""

import itertools
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import segment
from experiments.config import Cutoffs
from experiments.splits import (
    calendar_cutoffs,
    day_number,
    day_of,
    study_cutoffs,
    validation_folds,
)
from experiments.splits import (
    test_cutoffs as choose_tests,
)
from features.errors import HistoryTooShort
from models.predictor import known_at
from models.sample import Sample
from models.tasks import question
from tests.experiments.conftest import group_study

spans = st.tuples(st.integers(10_000, 20_000), st.integers(0, 900))
horizons = st.sampled_from([7.0, 14.0, 30.0, 45.5, 90.0])
rhythms = st.sampled_from(["week", "half-month", "month"])


def days(*words: str) -> list[float]:
    return [day_number(date.fromisoformat(word)) for word in words]


def test_online_retail_is_tested_where_the_published_figures_are() -> None:
    first, last = days("2010-12-01")[0] + 8.5 / 24, days("2011-12-09")[0] + 12.8 / 24
    chosen = study_cutoffs(Cutoffs(), 30.0, first, last)
    assert choose_tests(chosen, 30.0, 3, last) == days("2011-09-01", "2011-10-01", "2011-11-01")
    assert str(day_of(chosen[0])) == "2010-12-16"


def test_the_calendar_marks_mondays_halves_and_months() -> None:
    first, last = days("2024-02-28", "2024-03-18")
    assert calendar_cutoffs(first, last, "week") == days("2024-03-04", "2024-03-11", "2024-03-18")
    assert calendar_cutoffs(first, last, "half-month") == days("2024-03-01", "2024-03-16")
    assert calendar_cutoffs(first, last, "month") == days("2024-03-01")


@given(spans, rhythms, horizons, st.integers(1, 4))
def test_test_cutoffs_have_complete_labels_and_share_none_where_there_is_room(
    span: tuple[int, int], every: str, horizon_days: float, n: int
) -> None:
    first, end = float(span[0]), float(span[0] + span[1])
    try:
        chosen = choose_tests(calendar_cutoffs(first, end, every), horizon_days, n, end)
    except HistoryTooShort:
        return
    assert len(chosen) == n
    assert all(cutoff + horizon_days <= end for cutoff in chosen)
    apart = [later - earlier for earlier, later in itertools.pairwise(chosen)]
    assert all(days >= horizon_days / 4 for days in apart)
    whole = [c for c in calendar_cutoffs(first, end, every) if c + horizon_days <= end]
    if whole and chosen[-1] - whole[0] > (n + 2) * (horizon_days + 31):
        assert all(days >= horizon_days for days in apart), "a long history has room for labels of their own"


@given(st.lists(st.floats(0, 1000), max_size=50), st.floats(0, 1000), horizons)
def test_no_label_is_used_before_it_is_known(as_of: list[float], cutoff: float, horizon_days: float) -> None:
    rows = np.array(as_of)
    sample = Sample(pd.DataFrame(index=range(len(rows))), np.zeros(len(rows)), rows, question("churn", [horizon_days]))
    # The last instant that decides a label lies just before as_of + horizon.
    assert not [t for t in known_at(sample, cutoff).as_of if t + horizon_days > cutoff]


@given(spans, rhythms, horizons, st.integers(1, 4), st.integers(1, 3))
def test_validation_shares_no_label_with_the_test(
    span: tuple[int, int], every: str, horizon_days: float, n: int, tests: int
) -> None:
    first, end = float(span[0]), float(span[0] + span[1])
    cutoffs = calendar_cutoffs(first, end, every)
    try:
        test = choose_tests(cutoffs, horizon_days, tests, end)
    except HistoryTooShort:
        return
    for fold in validation_folds(cutoffs, test[0], horizon_days, n):
        assert fold + horizon_days <= test[0]
        assert any(cutoff + horizon_days <= fold for cutoff in cutoffs)


@pytest.mark.parametrize("horizon_days", [91.0, 120.0, 182.0])
def test_a_long_horizon_reaches_back_for_the_cutoffs_it_needs(horizon_days: float) -> None:
    first, last = days("2020-01-01", "2022-12-31")
    chosen = study_cutoffs(Cutoffs(), horizon_days, first, last)
    tests = choose_tests(chosen, horizon_days, 3, chosen[-1] + horizon_days)
    assert len(tests) == 3
    assert validation_folds(chosen, tests[0], horizon_days, 1)


def test_the_test_cutoffs_of_a_dataset_are_those_its_study_chose() -> None:
    for horizon_days, first in itertools.product((30.0, 60.0, 91.0), days("2010-12-01", "2009-01-01", "2007-01-01")):
        last = days("2011-12-09")[0]
        chosen = study_cutoffs(Cutoffs(), horizon_days, first, last)
        regular = [c for c in calendar_cutoffs(first + 14.0, last, "half-month") if c + horizon_days <= last]
        assert choose_tests(chosen, horizon_days, 3, chosen[-1] + horizon_days) == choose_tests(
            regular, horizon_days, 3, last
        )


def test_named_test_dates_need_not_be_calendar_cutoffs() -> None:
    named = Cutoffs(every="month", test=(date(2011, 9, 10), date(2011, 10, 20)), min_history_days=0)
    chosen = study_cutoffs(named, 30.0, *days("2010-12-01", "2011-12-09"))
    assert set(days("2011-09-10", "2011-10-20")) <= set(chosen)


def test_a_test_date_without_complete_labels_is_refused() -> None:
    late = Cutoffs(every="month", test=(date(2011, 11, 20),), min_history_days=0)
    with pytest.raises(HistoryTooShort, match="2011-11-20 needs labels up to 2011-12-20, data end on 2011-12-09"):
        study_cutoffs(late, 30.0, *days("2010-12-01", "2011-12-09"))


@pytest.mark.parametrize("every", ["week", "month"])
def test_too_little_history_says_how_much_is_needed_and_that_much_is_enough(every: Literal["week", "month"]) -> None:
    wanted = Cutoffs(every=every, test=1, min_history_days=60)
    with pytest.raises(HistoryTooShort, match=r"orders span 120 days.*1 test cutoffs.*load more") as error:
        study_cutoffs(wanted, 30.0, 15000.0, 15120.0)
    need = int(str(error.value).partition(" need ")[2].partition(":")[0])
    study_cutoffs(wanted, 30.0, 15000.0, 15000.0 + need)
    with pytest.raises(HistoryTooShort):
        study_cutoffs(wanted, 30.0, 15000.0, 15000.0 + need - 1)


def test_a_segment_study_looks_once_after_the_last_order() -> None:
    assert segment.cutoffs(group_study(), 15000.2, 15100.7) == [15101.0]
