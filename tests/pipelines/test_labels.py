"""Rows to learn from: each snapshot with what happened next."""

import narwhals as nw
import polars as pl

from features.engines import Tables, from_frames, to_pandas
from features.snapshot import feature_names, snapshot
from features.windows import Frame, future, to_datetime, to_days
from tests.features.shop import small_shop
from tests.panels import panel

CUTOFFS = [to_days("2021-06-01"), to_days("2021-03-01")]
TABLES = from_frames(small_shop())


def buys(tables: Tables, as_of: float) -> Frame:
    bought = future(tables["orders"], as_of, 30.0).filter(nw.col("kind") == "sale")
    return bought.select("customer_id", label=nw.lit(1)).unique()


def test_features_stay_as_they_are() -> None:
    whole = to_pandas(panel(TABLES, CUTOFFS, label=buys, missing_label=0.0))
    assert list(whole.columns) == ["customer_id", "as_of", "label", *feature_names(TABLES)]
    for as_of in CUTOFFS:
        part = whole[whole["as_of"] == as_of].reset_index(drop=True)
        assert part.drop(columns=["as_of", "label"]).equals(to_pandas(snapshot(TABLES, as_of)))


def test_labels_are_what_happened_in_the_horizon() -> None:
    whole = to_pandas(panel(TABLES, CUTOFFS, label=buys, missing_label=0.0))
    sales = small_shop()["orders"].filter(pl.col("kind") == "sale")
    for customer, as_of, label in whole[["customer_id", "as_of", "label"]].itertuples(index=False):
        ahead = [
            (at - to_datetime(as_of)).total_seconds() / 86400
            for at in sales.filter(pl.col("customer_id") == customer)["at"]
        ]
        assert label == any(0 <= days < 30 for days in ahead)
    assert 0 < whole["label"].mean() < 1


def test_eligible_selects_rows_and_changes_nothing_else() -> None:
    every = to_pandas(panel(TABLES, CUTOFFS, label=buys, missing_label=0.0))
    active = nw.col("purchase_recency_days") <= 90
    some = to_pandas(panel(TABLES, CUTOFFS, label=buys, missing_label=0.0, eligible=active))
    assert some.equals(every[every["purchase_recency_days"] <= 90].reset_index(drop=True))


def test_a_customer_without_a_label_row_gets_the_missing_label() -> None:
    lapses = to_pandas(panel(TABLES, CUTOFFS, label=buys, missing_label=7.0))
    assert set(lapses["label"]) == {1.0, 7.0}
