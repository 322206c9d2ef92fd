"""Laws of customers without groups: same values, same rank correlations, one cloud."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from models.segments import nulls, segmenter
from models.segments.segmenter import Prepared

COLUMNS = ["spend", "orders", "recency"]


@pytest.fixture(scope="module")
def customers() -> Prepared:
    """Three groups; ``orders`` has few values, ``recency`` some nulls."""
    rng = np.random.default_rng(1)
    group = rng.integers(3, size=1_500)
    spend = rng.gamma(40, np.array([1.0, 5.0, 20.0])[group])
    orders = 1.0 + rng.poisson(np.array([0.2, 4.0, 4.0])[group])
    recency = rng.gamma(40, np.array([5.0, 0.3, 5.0])[group])
    recency[::100] = np.nan
    X = pd.DataFrame({"spend": spend, "orders": orders, "recency": recency})
    return segmenter.prepare(X, COLUMNS)


def test_every_column_has_exactly_the_values_of_the_customers(customers: Prepared) -> None:
    filled = customers.X.fillna(customers.X.median())
    (null,) = nulls.copula(customers, COLUMNS, seed=5, draws=1)
    for name in COLUMNS:
        assert np.array_equal(np.sort(null.X[name]), np.sort(filled[name]))


def test_columns_are_as_correlated_as_those_of_the_customers(customers: Prepared) -> None:
    filled = customers.X.fillna(customers.X.median())
    wanted = stats.spearmanr(filled).statistic
    found = np.mean([stats.spearmanr(null.X).statistic for null in nulls.copula(customers, COLUMNS, 5, 10)], axis=0)
    assert np.abs(wanted[0, 1:]).max() > 0.5
    assert np.abs(found - wanted).max() < 0.08


def test_groups_are_gone(customers: Prepared) -> None:
    def separation(prepared: Prepared) -> float:
        return float(silhouette_score(prepared.Z, KMeans(3, n_init=3, random_state=0).fit_predict(prepared.Z)))

    assert separation(customers) > max(separation(null) for null in nulls.copula(customers, COLUMNS, 5, 5)) + 0.1


def test_a_draw_depends_on_the_seed_and_its_number_alone(customers: Prepared) -> None:
    three, five = ([null.X for null in nulls.copula(customers, COLUMNS, 5, draws)] for draws in (3, 5))
    for one, other in zip(three, five, strict=False):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    (another,) = nulls.copula(customers, COLUMNS, 6, 1)
    assert not another.X.equals(three[0])


def test_columns_that_follow_from_each_other_are_no_obstacle(customers: Prepared) -> None:
    X = customers.X.assign(double=2 * customers.X["spend"], nothing=np.nan, constant=1.0)
    names = list(X.columns)
    (null,) = nulls.copula(segmenter.prepare(X, names), names, 5, 1)
    assert stats.spearmanr(null.X["spend"], null.X["double"]).statistic > 0.999
    assert (null.X["constant"] == 1.0).all()


def test_tied_values_do_not_hide_how_strongly_columns_depend_on_each_other() -> None:
    """Nine in ten bought once, and then both columns say the same: the ties of such customers dilute ranks."""
    rng = np.random.default_rng(3)
    activity = rng.gamma(0.3, 4.0, 1_500)
    orders = 1.0 + rng.poisson(activity)
    X = pd.DataFrame({"orders": orders, "days": np.where(orders > 1, orders * rng.gamma(20, 1.0, 1_500), 0.0)})
    customers = segmenter.prepare(X, ["orders", "days"])
    wanted = stats.spearmanr(X["orders"], X["days"]).statistic
    drawn = [null.X for null in nulls.copula(customers, ["orders", "days"], 5, 10)]
    found = np.mean([stats.spearmanr(null["orders"], null["days"]).statistic for null in drawn])
    assert wanted > 0.9
    assert abs(found - wanted) < 0.02
