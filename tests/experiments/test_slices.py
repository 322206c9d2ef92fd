"""Slices: the customers that their names say, scores of their own, and a refusal by the slice that is served worse."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import predict
from experiments.contest import Contestant
from experiments.dataset import Dataset
from experiments.gate import preview, promote
from experiments.rolling import Problem, rolling_test
from experiments.run import run_study
from experiments.slices import rows_at, scores_by_slice, slices, worst_slice
from experiments.tracking.stores import Stores
from models.scores import roc_auc
from tests.experiments.conftest import panel, study

Make = Callable[[pd.DataFrame], Dataset]


def placed() -> pd.DataFrame:
    """Half of the customers in France, where recency says the contrary of what it says elsewhere."""
    frame = panel(customers=600, cutoffs=14)
    number = frame["customer_id"].str[1:].astype(int)
    french = number % 2 == 0
    frame = frame.assign(profile_country=np.where(french, "france", "norway"), profile_gender="f")
    frame["profile_gender"] = np.where(number % 3 == 0, "m", "f")
    return frame


@pytest.fixture(scope="module")
def countries(make_dataset: Make) -> Dataset:
    return make_dataset(placed())


@pytest.fixture(scope="module")
def problem(countries: Dataset) -> Problem:
    return predict.prepare(study(), countries)


def test_slices_are_the_customers_that_their_names_say(problem: Problem) -> None:
    rows = problem.dataset.frame.iloc[rows_at(problem, problem.tests)].reset_index(drop=True)
    found = slices(problem, problem.tests)
    assert (rows["profile_country"][found["country: france"]] == "france").all()
    assert found["country: france"].sum() == (rows["profile_country"] == "france").sum()
    assert rows["purchase_tenure_days"][found["customer for under 90 days"]].max() < 90
    thirds = [found[f"spend so far: {third} third"] for third in ("lowest", "middle", "highest")]
    assert (np.sum(thirds, axis=0) == 1).all()
    assert rows["purchase_spend"][thirds[0]].max() <= rows["purchase_spend"][thirds[2]].min()


def test_protected_groups_are_slices_although_no_model_reads_them(problem: Problem) -> None:
    assert {"gender: f", "gender: m"} <= set(slices(problem, problem.tests))
    assert not [name for name in problem.features.select(problem.dataset.dated) if "gender" in name]


def test_a_slice_of_few_customers_has_no_scores(problem: Problem) -> None:
    few = np.where(np.arange(len(problem.dataset.frame)) < 90, "s9 Few", "s1 Many").astype(object)
    found = slices(replace(problem, segments=few), problem.tests)
    assert "segment s1 Many" in found
    assert "segment s9 Few" not in found


def test_scores_of_a_slice_are_those_of_its_customers_alone(problem: Problem) -> None:
    tested = rolling_test(problem, Contestant("baseline", "recency", {}))
    row = next(row for row in scores_by_slice(problem, tested) if row["slice"] == "country: norway")
    mask = slices(problem, problem.tests)["country: norway"]
    y, p = np.concatenate(tested.outcomes)[mask], np.concatenate(tested.answers)[mask, 0]
    assert row["roc_auc"] == pytest.approx(roc_auc(y, p))
    assert row["level"] == pytest.approx(p.sum() / y.sum())


def test_the_slice_that_loses_is_found_although_the_whole_wins(problem: Problem) -> None:
    mask = slices(problem, problem.tests)["country: france"]
    random = np.random.default_rng(0)
    gain = np.where(mask, -0.05, 0.2) + random.normal(0, 0.1, len(mask))
    found = worst_slice(problem, gain, problem.tests)
    assert found is not None
    assert found[0] == "country: france"
    assert gain.mean() > 0


def test_chance_finds_no_slice(problem: Problem) -> None:
    """Models that are as good everywhere: one slice of many is always a little worse, but one time in ten proven so."""
    rows = len(rows_at(problem, problem.tests))
    flagged = [
        worst_slice(problem, np.random.default_rng(seed).normal(0, 1, rows), problem.tests) is not None
        for seed in range(40)
    ]
    assert sum(flagged) <= 6


def test_a_challenger_worse_in_one_country_is_refused_by_its_name(
    make_dataset: Make, make_stores: Callable[[], Stores]
) -> None:
    """The champion knew a feature that tells who buys in France; the challenger's study leaves it out, and is better
    elsewhere by another one."""
    frame = placed()
    french = (frame["profile_country"] == "france").to_numpy()
    random = np.random.default_rng(1)
    sign = 2 * frame["label"] - 1
    frame = frame.assign(
        basket_a=np.where(french, sign, 0) * 0.7 + random.normal(size=len(frame)),
        basket_b=np.where(french, 0, sign) * 1.6 + random.normal(size=len(frame)),
    )
    dataset, stores = make_dataset(frame), make_stores()
    knew = {"learners": ["lightgbm"], "search": {"trials": 1, "validation_folds": 2}}
    old = study(**knew, features={"exclude": ["basket_b", "profile_*"]})
    new = study(**knew, features={"exclude": ["basket_a", "profile_*"]})
    run_study(old, dataset, stores)
    assert promote(old, dataset, stores).promote
    run_study(new, dataset, stores)
    verdict = preview(new, dataset, stores)
    assert not verdict.promote
    assert "worse than the champion among customers of this kind: country: france" in verdict.reason
