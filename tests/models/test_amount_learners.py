"""Learners of amounts: any currency, any horizon, and what an expectation depends on."""

import numpy as np
import pandas as pd
import pytest

from models.learners import bgnbd, last_horizon, learner, lightgbm
from models.question import Question
from models.sample import Sample


def shoppers(unit: float = 1.0, horizon_days: float = 90.0, rows: int = 900) -> Sample:
    """Customers whose future spend is drawn around that of the last 90 days; ``unit`` scales the currency."""
    random = np.random.default_rng(0)
    days, tenure = 1.0 + random.poisson(3.0, rows), random.uniform(100.0, 300.0, rows)
    last_90 = random.gamma(1.0, 80.0, rows) * (random.random(rows) < 0.6)
    X = pd.DataFrame(
        {
            "purchase_days_n": days,
            "purchase_tenure_days": tenure,
            "purchase_recency_days": np.where(days > 1, tenure * random.random(rows), tenure),
            "purchase_spend": (last_90 + 20.0 * days) * unit,
            "purchase_spend_30d": last_90 / 2.0 * unit,
            "purchase_spend_90d": last_90 * unit,
            "purchase_spend_365d": (last_90 + 20.0) * unit,
        }
    )
    y = random.gamma(2.0, (last_90 + 5.0) / 2.0) * (random.random(rows) < 0.7) * unit
    as_of = np.repeat([100.0, 130.0, 160.0], rows // 3)
    return Sample(X, y, as_of, Question("value", "amount", "net_spend", (horizon_days,)))


@pytest.mark.parametrize("name", ["bgnbd", "constant", "last_horizon", "lightgbm"])
def test_another_currency_changes_the_amounts_and_nothing_else(name: str) -> None:
    module = learner(name)
    pounds, pence = shoppers(), shoppers(unit=100.0)
    some = {**module.DEFAULTS, **({"n_estimators": 60} if name == "lightgbm" else {})}
    expected = [module.predict(module.fit(sample, some, 1), sample.X) for sample in (pounds, pence)]
    assert expected[1] == pytest.approx(100.0 * expected[0], rel=5e-3)


def test_trees_follow_the_spend_and_get_the_total_right() -> None:
    sample = shoppers()
    expected = lightgbm.predict(lightgbm.fit(sample, lightgbm.DEFAULTS, 1), sample.X)
    assert expected.sum() == pytest.approx(sample.y.sum(), rel=0.1)
    rich = sample.X["purchase_spend_90d"] > 150.0
    assert expected[rich].mean() > 5.0 * expected[sample.X["purchase_spend_90d"] == 0.0].mean()


@pytest.mark.parametrize(("horizon_days", "share"), [(90.0, 1.0), (60.0, 2.0 / 3.0), (180.0, 2.0)])
def test_the_nearest_window_is_scaled_to_the_horizon(horizon_days: float, share: float) -> None:
    sample = shoppers(horizon_days=horizon_days)
    expected = last_horizon.predict(last_horizon.fit(sample, {}, 0), sample.X)
    spend = sample.X["purchase_spend_90d"].to_numpy()
    assert expected[spend > 5.0] == pytest.approx(share * spend[spend > 5.0])
    assert expected[spend == 0.0] == pytest.approx(0.01 * sample.y.mean())


def test_bgnbd_multiplies_purchases_by_their_amount() -> None:
    """Twice the spend on as many days means about twice the expectation, and half the days clearly less."""
    sample = shoppers()
    model = bgnbd.fit(sample, {}, 0)
    loyal = pd.DataFrame(
        {
            "purchase_days_n": [20.0, 20.0, 11.0],
            "purchase_tenure_days": 200.0,
            "purchase_recency_days": 1.0,
            "purchase_spend": [2000.0, 4000.0, 1100.0],
        }
    )
    one, twice_the_spend, half_the_rate = bgnbd.predict(model, loyal)
    assert twice_the_spend / one == pytest.approx(2.0, abs=0.15)
    assert 0.3 < half_the_rate / one < 0.8
