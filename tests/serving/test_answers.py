"""Answers: each row on its own, null with a reason where a task does not ask."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.families import family_of
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
    assert list(found.columns) == [
        *("customer_id", "churn_probability", "churn_reason"),
        *("churn_reason_1", "churn_reason_2", "churn_reason_3"),
    ]


def test_a_reason_is_given_for_every_score_and_for_nothing_else(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle.models, shop.snapshot)
    table, sent = found.table(), [json.loads(each) for each in found.as_json(AS_OF)]
    for name in ("churn", "value", "next_purchase"):
        asked = table[f"{name}_reason"].isna()
        assert (table[f"{name}_reason_1"].notna() == asked).all()
        assert all(("reasons" in each[name]) == there for each, there in zip(sent, asked, strict=True))
        for each in (each[name]["reasons"] for each, there in zip(sent, asked, strict=True) if there):
            assert 1 <= len(each) <= 3
            assert len({reason["family"] for reason in each}) == len(each), "a family stands once"
            sizes = [abs(one["contribution"]) for one in each]
            assert sizes == sorted(sizes, reverse=True)
            assert all((one["effect"] == "raises") == (one["contribution"] > 0) for one in each)
            assert all(family_of(one["column"]) == one["family"] for one in each)


def test_a_model_saved_without_what_is_usual_answers_as_before_and_gives_no_reasons(bundle: Bundle, shop: Shop) -> None:
    churn = bundle.models["churn"]
    old = {"churn": replace(churn, model=replace(churn.model, usual={}))}
    assert list(answer(old, shop.snapshot).table()) == ["customer_id", "churn_probability", "churn_reason"]
    assert not any(b"reasons" in each for each in answer(old, shop.snapshot).as_json(AS_OF))


def test_nobody_asked_is_nobody_answered(bundle: Bundle, shop: Shop) -> None:
    found = answer(bundle.models, shop.snapshot.head(0)).table()
    assert found.empty
    assert list(found.columns) == list(answer(bundle.models, shop.snapshot.head(1)).table().columns)
