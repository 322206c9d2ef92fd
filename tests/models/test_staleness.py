"""Whether segments still fit: the same customers do, a shifted population does not, and figures are plain SQL's."""

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from models.segments import segmenter, staleness
from models.segments.segmenter import Segmenter, described

FEATURES = ["purchase_order_value_mean", "purchase_days_n"]


def customers(shares: tuple[float, float, float] = (0.4, 0.4, 0.2), spread: float = 0.1, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    kind = random.choice(3, 2_000, p=shares)
    values = np.array([(10.0, 2.0), (100.0, 5.0), (40.0, 50.0)])[kind] * random.lognormal(0, spread, (2_000, 2))
    return pd.DataFrame(values, columns=FEATURES)


@pytest.fixture(scope="module")
def model() -> Segmenter:
    X = customers()
    fitted = described(segmenter.fit_clusters(segmenter.prepare(X, FEATURES), "kmeans", {"k": 3}, 0), X)
    return replace(fitted, reference=staleness.reference(fitted, X))


def test_the_customers_of_the_fit_and_new_ones_like_them_fit(model: Segmenter) -> None:
    same = staleness.staleness(model, customers())
    assert (same.due, same.stability_index, same.feature_index) == (False, 0.0, 0.0)
    assert same.silhouette == same.silhouette_of_fit
    others = staleness.staleness(model, customers(seed=9))
    assert not others.due
    assert others.stability_index < 0.05


def test_a_population_of_other_shares_is_due(model: Segmenter) -> None:
    found = staleness.staleness(model, customers((0.1, 0.3, 0.6)))
    assert found.due
    assert "sizes have moved" in found.reason


def test_customers_who_no_longer_form_these_groups_are_due(model: Segmenter) -> None:
    found = staleness.staleness(model, customers(spread=1.2))
    assert found.due
    assert found.silhouette < staleness.WORSE * found.silhouette_of_fit


def test_the_index_of_sizes_is_what_plain_sql_makes_of_them(model: Segmenter) -> None:
    now = segmenter.assign(model, customers((0.3, 0.3, 0.4), seed=4))
    fit = pd.DataFrame(
        {"segment_id": [each.id for each in model.catalogue], "share": [each.share for each in model.catalogue]}
    )
    assert len(now) == 2_000
    assert len(fit) == 3
    by_sql = duckdb.sql(
        "SELECT sum((n / 2000 - share) * ln(n / 2000 / share)) FROM fit JOIN "
        "(SELECT segment_id, count(*) AS n FROM now GROUP BY ALL) USING (segment_id)"
    ).fetchall()[0][0]
    assert staleness.staleness(model, customers((0.3, 0.3, 0.4), seed=4)).stability_index == pytest.approx(by_sql)


def test_the_feature_that_moved_most_is_named_and_alone_is_no_reason(model: Segmenter) -> None:
    X = customers()
    moved = X.assign(purchase_days_n=X["purchase_days_n"] * 1.15)
    found = staleness.staleness(model, moved)
    assert found.feature == "purchase_days_n"
    assert found.feature_index > 0.1
    assert not found.due


def test_a_model_without_figures_of_its_fit_is_due(model: Segmenter) -> None:
    assert staleness.staleness(replace(model, reference={}), customers()).due


def test_nulls_are_a_class_of_their_own() -> None:
    edges, shares = staleness.classes(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    assert shares[-1] == pytest.approx(0.2)
    assert sum(shares) == pytest.approx(1.0)
    assert staleness.index(staleness.class_shares(np.full(5, np.nan), edges), shares) > 1.0
