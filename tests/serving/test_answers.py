"""Answers: each row on its own, null with a reason where a task does not ask."""

from pathlib import Path

import pandas as pd

from models.artifact import table
from models.segments.segmenter import assign
from models.tasks.churn import ACTIVE_DAYS
from serving.answers import answer
from serving.bundle import Bundle, load_bundle
from serving.online_store import lookup

from .conftest import AS_OF, Shop, published


def test_one_row_alone_is_the_row_in_the_batch(bundle: Bundle, shop: Shop) -> None:
    batch = answer(bundle, shop.online)
    for number in range(0, len(shop.online), 60):
        alone = answer(bundle, shop.online.iloc[[number]])
        pd.testing.assert_frame_equal(alone, batch.iloc[[number]].reset_index(drop=True), check_exact=True)


def test_the_stored_features_give_the_answers_of_the_snapshot(bundle: Bundle, shop: Shop) -> None:
    ids = shop.online["customer_id"].tolist()[::-1]
    stored = answer(bundle, lookup(bundle.online, ids)[0])
    fresh = answer(bundle, shop.online.iloc[::-1])
    pd.testing.assert_frame_equal(stored, fresh.reset_index(drop=True), check_exact=True)


def test_churn_is_asked_of_active_customers_only(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle, shop.online)
    active = shop.online["purchase_recency_days"].to_numpy() <= ACTIVE_DAYS
    assert 100 < active.sum() < len(active) - 100
    assert (found["churn_probability"].notna() == active).all()
    assert (found["churn_reason"].isna() == active).all()
    assert set(found.loc[~active, "churn_reason"]) == {"no order in the last 90 days: already lapsed"}


def test_answers_are_what_the_models_say(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle, shop.online)
    for name, loaded in bundle.models.items():
        if name == "segments":
            continue
        asked = found[f"{name}_reason"].isna()
        alone = table(loaded.model, shop.online[asked]).add_prefix(f"{name}_")
        pd.testing.assert_frame_equal(found.loc[asked, list(alone)], alone, check_exact=True)
        assert found.loc[~asked, list(alone)].isna().all(axis=None)
    segments = assign(bundle.models["segments"].model, shop.online)
    assert found["segment_id"].tolist() == segments["segment_id"].tolist()
    assert found["segment_strength"].tolist() == segments["segment_strength"].tolist()


def test_a_bundle_of_one_model_answers_that_alone(shop: Shop, tmp_path: Path) -> None:
    folder = published(tmp_path, {"churn": shop.artifacts["churn"]}, {}, shop.online, AS_OF)
    found = answer(load_bundle(folder), shop.online.head(3))
    assert list(found.columns) == ["customer_id", "churn_probability", "churn_reason"]


def test_nobody_asked_is_nobody_answered(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle, shop.online.head(0))
    assert found.empty
    assert list(found.columns) == list(answer(bundle, shop.online.head(1)).columns)
