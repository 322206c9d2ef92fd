"""The sample has each kind of customer in its proportion, and depends only on customers, size and seed."""

import numpy as np
import pandas as pd
import pytest

from models.segments.strata import drawn

N, ROWS = 5_003, 700


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"purchase_recency_days": rng.exponential(90, N), "purchase_spend": rng.lognormal(4, 1.5, N)})
    X.loc[rng.random(N) < 0.1, "purchase_recency_days"] = np.nan
    return X


def test_every_range_of_spend_in_every_fifth_of_recency_has_its_share_to_within_one(customers: pd.DataFrame) -> None:
    sample = drawn(customers, ROWS, seed=7)
    fifth = pd.qcut(customers["purchase_recency_days"], 5, labels=False).fillna(5).to_numpy()
    inside = np.isin(np.arange(N), sample)
    for value in range(6):
        order = np.argsort(customers["purchase_spend"].to_numpy() + 1e12 * (fifth != value), kind="stable")
        order = order[: (fifth == value).sum()]
        for start, stop in [(0, None), (-40, None), (-200, -100), (17, 113)]:
            members = order[start:stop]
            assert abs(inside[members].sum() - len(members) * ROWS / N) <= 1 + 1e-9


def test_the_sample_has_its_size_without_repetition_in_the_order_of_the_rows(customers: pd.DataFrame) -> None:
    for rows in (1, 2, 699, N - 1):
        sample = drawn(customers, rows, seed=3)
        assert len(sample) == rows
        assert (np.diff(sample) > 0).all()
        assert sample.min() >= 0
        assert sample.max() < N


def test_of_no_more_customers_than_rows_all_are_drawn(customers: pd.DataFrame) -> None:
    assert drawn(customers, N, seed=1).tolist() == list(range(N))


def test_the_seed_decides_and_everybody_is_equally_likely(customers: pd.DataFrame) -> None:
    few = customers.iloc[:60].reset_index(drop=True)
    assert drawn(few, 20, 1).tolist() == drawn(few, 20, 1).tolist()
    drawings = np.concatenate([drawn(few, 20, seed) for seed in range(600)])
    counts = np.bincount(drawings, minlength=60)
    assert abs(counts - 200).max() < 5 * np.sqrt(600 * (1 / 3) * (2 / 3))


@pytest.mark.parametrize("columns", [["purchase_spend"], ["purchase_recency_days"], []])
def test_without_a_column_the_other_divides(customers: pd.DataFrame, columns: list[str]) -> None:
    assert len(drawn(customers[columns], ROWS, seed=7)) == ROWS
