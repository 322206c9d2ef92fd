"""What segments are worth later, by hand: explained variance, idle movers, and no look at the tested period."""

import numpy as np
import pandas as pd
import pytest

from models.segments import segmenter, use
from models.segments.segmenter import Segmenter
from models.segments.use import Period, explained_variance, idle_movers, use_scores

FEATURES = ["purchase_days_n", "purchase_order_value_mean"]


def dates(n: int = 400, seed: int = 0) -> list[pd.DataFrame]:
    """Two kinds of customers at three dates 90 days apart: the first spends 50 and the second 500 a period, all buy."""
    random = np.random.default_rng(seed)
    kind = np.arange(n) % 2
    rate = np.where(kind == 1, 500.0, 50.0)
    return [
        pd.DataFrame(
            {
                "purchase_days_n": np.where(kind == 1, 30.0, 3.0) + random.normal(0, 0.2, n),
                "purchase_order_value_mean": np.where(kind == 1, 90.0, 20.0) + random.normal(0, 1, n),
                "purchase_recency_days": 10.0,
                "purchase_spend": 1_000.0 + rate * date,
                "purchase_orders_n": 5.0 + date,
                "basket_units_mean": np.where(kind == 1, 4.0, 2.0),
            }
        )
        for date in range(3)
    ]


def fitted(X: pd.DataFrame) -> Segmenter:
    return segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": 2}, 0)


def periods(frames: list[pd.DataFrame]) -> list[Period]:
    return [Period(frames[0], frames[1], 90.0), Period(frames[1], frames[2], 90.0)]


def test_segments_that_spend_as_they_did_explain_everything() -> None:
    frames = dates()
    found = use_scores(periods(frames), fitted(frames[-1]))
    assert found["use_spend_r2"] == pytest.approx(1.0)
    assert found["use_log_spend_r2"] == pytest.approx(1.0)
    assert np.isnan(found["use_churn_r2"]), "everybody bought, so nothing varies"
    assert found["use_order_r2"] == pytest.approx(1.0)
    assert found["use_order_chance"] < 0.1
    assert found["use_r2"] == pytest.approx(1.0)
    assert found["jaccard_later"] == 1.0
    assert np.isnan(found["idle_movers"]), "nobody was idle"


def test_means_are_learned_from_the_period_before_and_not_from_the_tested_one() -> None:
    frames = dates()
    swapped = frames[2].assign(
        purchase_spend=frames[1]["purchase_spend"] + np.where(np.arange(400) % 2 == 1, 50.0, 500.0)
    )
    found = use_scores(periods([*frames[:2], swapped]), fitted(frames[-1]))
    # 50 was expected where 500 was spent and the other way round: four times the squared deviation from the mean.
    assert found["use_spend_r2"] == pytest.approx(1 - 4)


def test_the_clustering_that_is_tested_was_made_before_the_earlier_period(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, seen = dates(), []
    fit = use.fit_clusters
    monkeypatch.setattr(
        use, "fit_clusters", lambda customers, *args: (seen.append(customers.X), fit(customers, *args))[1]
    )
    use_scores(periods(frames), fitted(frames[-1]))
    assert [X is frames[0] for X in seen] == [True]


def test_idle_movers_are_those_who_bought_nothing_and_are_elsewhere() -> None:
    frames = dates()
    model = fitted(frames[-1])
    end = frames[2].assign(purchase_recency_days=np.where(np.arange(400) < 100, 95.0, 10.0))
    end.loc[:24, FEATURES] = end.loc[[26], FEATURES].to_numpy()  # 25 of them, of whom every second was elsewhere
    end.loc[200:, FEATURES] = end.loc[[26], FEATURES].to_numpy()  # busy ones, who may move
    assert idle_movers(Period(frames[1], end, 90.0), model) == pytest.approx(12 / 100)


def test_a_label_that_nobody_had_is_answered_by_the_mean_of_all() -> None:
    before, learned = np.array([0, 0, 1, 1]), np.array([0.0, 2.0, 10.0, 12.0])
    after, tested = np.array([0, 1, 7]), np.array([1.0, 11.0, 6.0])
    assert explained_variance(before, learned, after, tested) == 1.0


def test_few_customers_or_one_date_say_nothing() -> None:
    frames = dates(60)
    model = fitted(frames[-1])
    for found in (use_scores([], model), use_scores(periods(frames), model)):
        assert all(np.isnan(value) for value in found.values())
    frames = dates()
    only = use_scores(periods(frames)[1:], fitted(frames[-1]))
    assert np.isnan(only["use_spend_r2"])
    assert only["jaccard_later"] == 1.0


def test_what_is_in_the_orders_is_the_difference_of_two_totals() -> None:
    start = pd.DataFrame(
        {
            "purchase_spend": [100.0, 50.0, 10.0],
            "purchase_orders_n": [4.0, 2.0, 1.0],
            "purchase_days_n": [4.0, 2.0, 1.0],
            "basket_lines_mean": [2.0, 1.0, 1.0],
            "cadence_evening_share": [0.25, 0.0, 0.0],
        }
    )
    end = start.assign(
        purchase_spend=[160.0, 50.0, 40.0],
        purchase_orders_n=[6.0, 2.0, 2.0],
        basket_lines_mean=[3.0, 1.0, 2.0],
        cadence_evening_share=[0.5, 0.0, 0.5],
    )
    found = use.outcomes(Period(start, end, 90.0))
    assert found["spend"] == pytest.approx(np.log1p([60.0, 0.0, 30.0]))
    assert found["buys"].tolist() == [1.0, 0.0, 1.0]
    # Two orders of 60 with 3 * 6 - 2 * 4 lines, one of 30 with 3; two of two in the evening, one of one.
    assert found["order_value"] == pytest.approx(np.log([30.0, np.nan, 30.0]), nan_ok=True)
    assert found["order_lines"] == pytest.approx(np.log([5.0, np.nan, 3.0]), nan_ok=True)
    assert found["evening"] == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)
    assert "unit_price" not in found, "how many units is not known"


def test_customers_of_one_kind_say_nothing_of_what_is_in_the_next_orders() -> None:
    random = np.random.default_rng(3)
    frames = [dates(seed=date)[date] for date in range(3)]
    spend = np.cumsum(random.lognormal(4, 0.5, (3, 400)), axis=0)
    frames = [
        frame.assign(purchase_spend=total, basket_units_mean=2.0) for frame, total in zip(frames, spend, strict=True)
    ]
    found = use_scores(periods(frames), fitted(frames[-1]))
    assert found["use_order_r2"] < found["use_order_chance"] + 0.01
