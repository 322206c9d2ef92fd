"""Which columns are clustered by: relevant ones, said once, and no clocks."""

import numpy as np
import pandas as pd
import pytest

from models.segments import segmenter, variables
from models.segments.use import Period

N = 900


def shop(seed: int = 0) -> list[Period]:
    """Customers whose rate and whose basket say what comes next; the rest is noise, said twice, or a clock."""
    random = np.random.default_rng(seed)
    rate, size = random.gamma(2.0, 1.0, N), random.lognormal(3.0, 0.6, N)
    orders, spend, frames = np.zeros(N), np.zeros(N), []
    recency, noise = random.exponential(60.0, N), random.normal(size=N)
    for _ in range(3):
        frames.append(
            pd.DataFrame(
                {
                    "rate": rate,
                    "rate_again": rate * 2.0 + random.normal(0, 0.01, N),
                    "size": size,
                    "noise": noise,
                    "constant": 1.0,
                    "clock": recency,
                    "purchase_recency_days": recency,
                    "purchase_orders_n": orders,
                    "purchase_spend": spend,
                }
            )
        )
        bought = random.poisson(rate)
        orders, spend = orders + bought, spend + bought * size * random.lognormal(0, 0.2, N)
        recency = np.where(bought > 0, random.uniform(0, 80, N), recency + 90.0)
    return [Period(frames[0], frames[1], 90.0), Period(frames[1], frames[2], 90.0)]


@pytest.fixture(scope="module")
def ranking() -> variables.Ranking:
    periods = shop()
    columns = ["rate", "rate_again", "size", "noise", "constant", "clock"]
    found = variables.ranking(periods, columns, periods[-1].end)
    assert found is not None
    return found


def test_clocks_and_columns_that_tell_nobody_apart_are_left_out(ranking: variables.Ranking) -> None:
    assert ranking.columns == ("rate", "rate_again", "size", "noise")


def test_what_says_who_buys_and_what_says_what_is_in_the_orders_are_told_apart(ranking: variables.Ranking) -> None:
    rate, kind = (dict(zip(ranking.columns, each.tolist(), strict=True)) for each in (ranking.rate, ranking.kind))
    assert max(rate, key=lambda name: rate[name]) in ("rate", "rate_again")
    assert max(kind, key=lambda name: kind[name]) == "size"
    assert rate["noise"] < 0.1 > kind["noise"]


@pytest.mark.parametrize(("toward", "first"), [(0.0, "rate"), (1.0, "size")])
def test_one_thing_is_not_said_twice(ranking: variables.Ranking, toward: float, first: str) -> None:
    columns, weights = ranking.chosen({"variables_toward": toward, "variables_apart": 0.9, "variables_n": 3})
    assert columns[0].removesuffix("_again") == first
    assert len({name.removesuffix("_again") for name in columns}) == len(columns) == 3
    assert (np.diff(weights) <= 0).all(), "the more relevant a column, the more it counts"


def test_without_a_period_or_with_one_column_nothing_is_ranked() -> None:
    periods = shop()
    assert variables.ranking([], ["rate", "size"], periods[-1].end) is None
    assert variables.ranking(periods, ["rate", "constant"], periods[-1].end) is None


def test_a_weight_counts_in_distances_and_outlives_a_file() -> None:
    X = shop()[0].start
    even, heavy = (segmenter.prepare(X, ["rate", "size"], weight) for weight in (None, np.array([1.0, 3.0])))
    assert heavy.Z[:, 0].tolist() == even.Z[:, 0].tolist()
    assert heavy.Z[:, 1] == pytest.approx(3.0 * even.Z[:, 1])
    model = segmenter.described(segmenter.fit_clusters(heavy, "kmeans", {"k": 3}, 0), X)
    again = segmenter.load(segmenter.dump(model))
    assert segmenter.assign(again, X).equals(segmenter.assign(model, X))
    assert segmenter.dump(again) == segmenter.dump(model)
    assert segmenter.prepare_like(X, model.preprocessing).Z.tolist() == heavy.Z.tolist()


def test_tenths_explain_a_step_wholly_and_noise_not_at_all() -> None:
    values = np.arange(1_000.0)
    assert variables.explained_by_tenths(values, (values >= 500).astype(float)) > 0.98
    assert variables.explained_by_tenths(values, np.random.default_rng(0).normal(size=1_000)) < 0.02
    assert variables.explained_by_tenths(values, np.full(1_000, np.nan)) == 0.0
