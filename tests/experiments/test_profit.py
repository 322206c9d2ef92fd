"""Profit by contacted share: what a hand computes, and what simulated contacting of the best brings."""

import numpy as np
import pytest

from experiments.config import Action
from experiments.profit import best_cut, profits

ACTION = Action(contact_cost=2.0, value=5.0)


def test_the_profit_is_what_contacting_the_highest_scores_brings() -> None:
    random = np.random.default_rng(0)
    p = random.random(1_000)
    y = (random.random(1_000) < p).astype(float)
    best = np.argsort(-p)[:200]
    assert profits(y, p, ACTION, [0.2])[0].profit == pytest.approx(5.0 * y[best].sum() - 2.0 * 200)


def test_the_best_cut_is_where_one_more_contact_costs_what_it_brings() -> None:
    random = np.random.default_rng(1)
    p = random.random(50_000)
    y = (random.random(50_000) < p).astype(float)
    assert best_cut(y, p, ACTION).share == pytest.approx(1 - 2 / 5, abs=0.03)  # contact where 5 p > 2
    assert best_cut(y, p, ACTION).profit >= max(each.profit for each in profits(y, p, ACTION))


def test_nobody_is_contacted_where_it_loses_money() -> None:
    assert best_cut(np.zeros(10), np.linspace(0, 1, 10), ACTION).share == 0.0


def test_customers_of_one_score_count_with_their_mean() -> None:
    y, same = np.array([1.0, 0.0, 0.0, 0.0]), np.full(4, 0.5)
    one, other = (profits(labels, same, ACTION, [0.25])[0].profit for labels in (y, y[::-1]))
    assert one == other == pytest.approx((5 * 0.25 - 2) / 4 * 1000)
