"""Plots: what they say in words, and labels that do not lie on each other."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.plots.labels import vertical_shifts
from experiments.prediction_page import in_money_of
from models.charts import Forecasts, Panel
from models.question import Question
from models.targets import target
from models.words import is_money

VALUE = Question("value", "amount", "net_spend", (90.0,), "currency")


@st.composite
def boxes(draw: st.DrawFn) -> Any:
    """Up to twelve labels, wherever they would lie."""
    places = st.tuples(st.floats(0, 800), st.floats(0, 400), st.floats(20, 200), st.floats(10, 40))
    found = draw(st.lists(places, min_size=1, max_size=12))
    return np.array([(x, y, x + width, y + height) for x, y, width, height in found])


def lie_on_each_other(one: Any, other: Any) -> bool:
    return bool((one[:2] < other[2:] - 1e-3).all() and (other[:2] < one[2:] - 1e-3).all())


@given(boxes())
def test_no_label_lies_on_another(found: Any) -> None:
    moved = found.copy()
    moved[:, [1, 3]] += vertical_shifts(found, -1000.0, 1400.0)[:, None]
    pairs = [(i, j) for i in range(len(moved)) for j in range(i)]
    assert not any(lie_on_each_other(moved[i], moved[j]) for i, j in pairs)


def test_labels_that_touch_nothing_stay() -> None:
    apart = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 20.0, 10.0, 30.0], [50.0, 0.0, 60.0, 10.0]])
    assert vertical_shifts(apart, -5.0, 100.0).tolist() == [0.0, 0.0, 0.0]


def calibration(name: str, question: Question, y: Any, answers: Any) -> Panel:
    (ours,) = forecasts = [Forecasts("ours", True, [y], [answers])]
    assert ours.ours
    return target(name).charts(question, "orders nothing within 30 days", forecasts)[0].panels[0]


@pytest.mark.parametrize(
    ("factor", "words"), [(1.0, "as far apart as outcomes"), (2.0, "too far apart"), (0.5, "too close together")]
)
def test_a_calibration_plot_says_level_and_slope(factor: float, words: str) -> None:
    """Log odds stretched by a factor have the slope 1 / factor; level and outcomes are exact in each group."""
    log_odds = np.repeat([-1.0, 0.0, 1.0], 1000)
    right = 1 / (1 + np.exp(-log_odds))
    y = (np.tile(np.arange(1000), 3) < 1000 * right - 0.5).astype(np.float64)
    p = 1 / (1 + np.exp(-factor * log_odds))
    says = calibration("binary", Question("churn", "binary", "lapses", (30.0,)), y, p[:, None]).says
    assert (
        says
        == f"Predicted 50% on average, observed 50%; slope {1 / factor:.2f} (1 is right): probabilities lie {words}."
    )


def test_a_plot_of_money_names_the_shop_s_currency() -> None:
    problem: Any = SimpleNamespace(question=VALUE, dataset=SimpleNamespace(currency="JPY"))
    assert in_money_of(problem) == replace(VALUE, unit="JPY")
    y = np.repeat([0.0, 200.0], 50)
    panel = calibration("amount", in_money_of(problem), y, np.column_stack([y + 10.0, y, y + 20.0]))
    assert panel.x_label == "expected net spend within 90 days, JPY"
    assert panel.says == (
        "Expected 110 JPY on average, observed 100 JPY; in the tenth with the highest expectations 210 and 200."
    )


def test_an_amount_of_something_else_keeps_its_unit_and_an_old_dataset_names_no_currency() -> None:
    orders = replace(VALUE, outcome="orders", unit="orders")
    for question, currency in ((orders, "JPY"), (VALUE, "")):
        problem = SimpleNamespace(question=question, dataset=SimpleNamespace(currency=currency))
        assert in_money_of(cast(Any, problem)) == question


def test_money_is_what_the_reference_calls_currency() -> None:
    assert is_money("purchase_order_value_mean")
    assert not is_money("purchase_recency_days")
    assert not is_money("no_such_column")
