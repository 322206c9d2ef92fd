"""The level and the interval of amounts: coverage, monotonicity, and the Gini coefficient."""

import json

import numpy as np
import pytest
from sklearn.metrics import auc

from models import amounts
from models.charts import Forecasts
from models.question import Question
from models.sample import Floats
from models.targets import amount


def spenders(rows: int = 6000, seed: int = 0) -> tuple[Floats, Floats]:
    """Expectations and outcomes: the less is expected, the likelier the outcome is 0."""
    random = np.random.default_rng(seed)
    expected = random.gamma(0.7, 120.0, rows) + 1.0
    pays = random.random(rows) < (expected + 40.0) / (expected + 80.0)
    return expected, np.where(pays, random.gamma(1.5, (expected + 60.0) / 1.5), 0.0)


def test_the_interval_contains_four_in_five_outcomes_at_low_middle_and_high_expectations() -> None:
    state = json.loads(json.dumps(amounts.calibrate(*spenders())))
    expected, y = spenders(seed=1)
    answer = amounts.calibrated(expected, state)
    inside = (answer[:, 1] <= y) & (y <= answer[:, 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.02)
    for third in np.array_split(np.argsort(expected), 3):
        assert inside[third].mean() == pytest.approx(0.8, abs=0.04)


def test_a_higher_expectation_never_has_a_lower_interval() -> None:
    state = amounts.calibrate(*spenders())
    expected = np.geomspace(1e-3, 1e6, 500)
    answer = amounts.calibrated(expected, state)
    assert (np.diff(answer, axis=0) >= 0.0).all()
    assert (answer[:, 1] <= answer[:, 2]).all()


def test_one_row_gets_the_bits_it_gets_in_a_batch() -> None:
    state = amounts.calibrate(*spenders())
    expected, _ = spenders(300, seed=2)
    alone = np.concatenate([amounts.calibrated(expected[i : i + 1], state) for i in range(300)])
    assert alone.tobytes() == amounts.calibrated(expected, state).tobytes()


def test_where_most_spend_nothing_the_interval_is_zero() -> None:
    y = np.zeros(500)
    y[:50] = 90.0
    random = np.random.default_rng(0)
    answer = amounts.calibrated(
        np.full(3, 9.0), amounts.calibrate(random.uniform(8.0, 10.0, 500), random.permutation(y))
    )
    assert (answer[:, 1:] == 0.0).all()


@pytest.mark.parametrize("y", [np.zeros(40), np.arange(40.0), np.array([5.0])], ids=["nothing", "few", "one"])
def test_few_rows_or_no_spend_still_give_finite_answers(y: Floats) -> None:
    state = amounts.calibrate(np.ones(len(y)), y)
    assert np.isfinite(amounts.calibrated(np.array([0.5, 1.0, 50.0]), state)).all()
    assert np.isnan(amounts.calibrated(np.ones(2), None)[:, 1:]).all()


def test_the_shortest_interval_is_the_shortest_of_all() -> None:
    y = np.sort(np.random.default_rng(5).exponential(size=60))
    low, high = amounts.shortest_interval(y)
    wide_enough = [b - a for a in y for b in y if ((a <= y) & (y <= b)).sum() >= np.ceil(0.8 * 61)]
    assert high - low == pytest.approx(min(wide_enough))


def test_the_gini_is_the_area_between_lorenz_curves() -> None:
    expected, y = spenders(400)

    def area(order: Floats) -> float:
        gathered = np.concatenate([[0.0], np.cumsum(y[np.argsort(-order)]) / y.sum()])
        return float(auc(np.linspace(0.0, 1.0, 401), gathered) - 0.5)

    assert amounts.normalised_gini(y, expected) == pytest.approx(area(expected) / area(y))
    assert amounts.normalised_gini(y, np.ones(400)) == 0.0


def test_bias_is_the_error_of_the_total_and_coverage_the_share_inside_the_interval() -> None:
    question = Question("value", "amount", "net_spend", (90.0,))
    answer = np.array([[2.0, 0.0, 3.0], [4.0, 5.0, 6.0], [0.1, 0.0, 0.0]])
    scores = amount.scores(np.array([1.0, 4.0, 0.0]), answer, question)
    assert (scores["bias"], scores["mae"], scores["spearman"]) == pytest.approx((0.22, 1.1 / 3.0, 1.0))
    assert (scores["coverage"], scores["coverage_nonzero"]) == pytest.approx((2.0 / 3.0, 0.5))


def test_without_an_interval_none_is_drawn() -> None:
    expected, y = spenders(200)

    def panels(answer: Floats) -> list[str]:
        found = amount.charts(
            Question("value", "amount", "net_spend", (90.0,), "currency"),
            "spends",
            [Forecasts("ours", True, [y], [answer])],
        )
        return [panel.title for panel in found[0].panels]

    assert panels(amounts.calibrated(expected, None)) == ["Level"]
    assert panels(np.column_stack([expected, y - 1, y + 1])) == ["Level", "Interval"]
    inside = amount.interval_panel("ours", y, np.column_stack([expected, y - 1, y + 1])).series[1]
    assert inside.y.tolist() == [1.0] * 10
