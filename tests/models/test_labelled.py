"""Labelled rows: a snapshot's eligible customers, each with what happened next."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from features.engines import from_frames, to_pandas
from features.snapshot import feature_names, snapshot
from features.windows import to_datetime, to_days
from models.tasks import labelled, question
from tests.features.shop import small_shop

AS_OF = to_days("2021-06-01")
TABLES = from_frames(small_shop())


def rows(task: str, horizon_days: float = 30.0) -> pd.DataFrame:
    found = labelled(question(task, [horizon_days]), snapshot(TABLES, AS_OF), TABLES, AS_OF)
    return to_pandas(found).sort_values("customer_id", ignore_index=True)


def test_features_are_unchanged_and_ineligible_customers_are_left_out() -> None:
    every = to_pandas(snapshot(TABLES, AS_OF)).sort_values("customer_id", ignore_index=True)
    assert rows("next_purchase").drop(columns=["as_of", "label"]).equals(every)
    active = every[every["purchase_recency_days"] <= 90].reset_index(drop=True)
    churn = rows("churn")
    assert churn.drop(columns=["as_of", "label"]).equals(active)
    assert 0 < len(active) < len(every)
    assert list(churn.columns) == ["customer_id", "as_of", "label", *feature_names(TABLES)]


@pytest.mark.parametrize("horizon_days", [7.0, 30.0])
def test_labels_are_what_happened_in_the_horizon(horizon_days: float) -> None:
    sales = small_shop()["orders"].filter(pl.col("kind") == "sale")
    expected = []
    for customer in rows("next_purchase")["customer_id"]:
        days = [
            (at - to_datetime(AS_OF)).total_seconds() / 86400
            for at in sales.filter(pl.col("customer_id") == customer)["at"]
        ]
        expected.append(min((day for day in days if 0 <= day < horizon_days), default=np.inf))
    assert rows("next_purchase", horizon_days)["label"].tolist() == pytest.approx(expected)
    assert np.isfinite(expected).any()
    assert np.isinf(expected).any()


def test_who_churned_is_who_has_no_next_purchase() -> None:
    both = rows("churn").merge(rows("next_purchase"), on="customer_id", suffixes=("", "_next"))
    assert (both["label"] == np.isinf(both["label_next"])).all()
