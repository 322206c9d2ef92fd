"""Answers: each row on its own, null with a reason where a task does not ask."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from models.artifact import table
from models.segments.segmenter import assign
from models.tasks import NO_ORDER_YET
from models.tasks.churn import ACTIVE_DAYS
from serving.answers import answer
from serving.bundle import Bundle, load_bundle

from .conftest import AS_OF, Shop, published


def test_one_row_alone_is_the_row_in_the_batch(bundle: Bundle, shop: Shop) -> None:
    batch = answer(bundle.models, shop.snapshot).table()
    for number in range(0, len(shop.snapshot), 60):
        alone = answer(bundle.models, shop.snapshot.iloc[[number]]).table()
        pd.testing.assert_frame_equal(alone, batch.iloc[[number]].reset_index(drop=True), check_exact=True)


def test_the_stored_answers_are_those_of_the_snapshot(bundle: Bundle, shop: Shop) -> None:
    fresh = answer(bundle.models, shop.snapshot.iloc[::-1])
    assert [bundle.answers.find(name) for name in fresh.customer_ids] == fresh.as_json(AS_OF)


def test_churn_is_asked_of_active_customers_only(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle.models, shop.snapshot).table()
    active = shop.snapshot["purchase_recency_days"].to_numpy() <= ACTIVE_DAYS
    assert 100 < active.sum() < len(active) - 100
    assert (found["churn_probability"].notna() == active).all()
    assert (found["churn_reason"].isna() == active).all()
    assert set(found.loc[~active, "churn_reason"]) == {"no order in the last 90 days: already lapsed"}


def test_answers_are_what_the_models_say(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle.models, shop.snapshot).table()
    for name, loaded in bundle.models.items():
        if name == "segments":
            continue
        asked = found[f"{name}_reason"].isna()
        alone = table(loaded.model, shop.snapshot[asked]).add_prefix(f"{name}_")
        pd.testing.assert_frame_equal(found.loc[asked, list(alone)], alone, check_exact=True)
        assert found.loc[~asked, list(alone)].isna().all(axis=None)
    segments = assign(bundle.models["segments"].model, shop.snapshot)
    assert found["segment_id"].tolist() == segments["segment_id"].tolist()
    assert found["segment_strength"].tolist() == segments["segment_strength"].tolist()


def test_a_model_of_buyers_says_nothing_about_people_without_an_order(bundle: Bundle, shop: Shop) -> None:
    value = bundle.models["value"]
    models = bundle.models | {"everybody": replace(value, manifest={**value.manifest, "who": "known"})}
    lead = shop.snapshot.head(1).assign(customer_id="lead", purchase_recency_days=np.nan)
    both = answer(models, pd.concat([shop.snapshot.head(1), lead], ignore_index=True))
    told = both.table().iloc[1]
    assert told[["segment_id", "segment_name", "segment_strength", "value_expected"]].isna().all()
    assert told["value_reason"] == told["churn_reason"] == NO_ORDER_YET
    assert both.as_json(AS_OF)[0] == answer(models, shop.snapshot.head(1)).as_json(AS_OF)[0]
    assert json.loads(both.as_json(AS_OF)[1])["segment"] is None


def test_a_bundle_of_one_model_answers_that_alone(shop: Shop, tmp_path: Path) -> None:
    folder = published(tmp_path, {"churn": shop.artifacts["churn"]}, {}, [shop.snapshot], AS_OF)
    found = answer(load_bundle(folder).models, shop.snapshot.head(3)).table()
    assert list(found.columns) == ["customer_id", "churn_probability", "churn_reason"]


def test_nobody_asked_is_nobody_answered(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle.models, shop.snapshot.head(0)).table()
    assert found.empty
    assert list(found.columns) == list(answer(bundle.models, shop.snapshot.head(1)).table().columns)
