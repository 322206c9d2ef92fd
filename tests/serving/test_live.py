"""Live features on their own: what a history cannot answer is refused before any work."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from features.engines import from_frames, to_pandas
from features.errors import BadInput
from features.families import inputs_of, is_text
from features.snapshot import feature_names, live_snapshot, snapshot
from features.tables import TABLES
from features.windows import to_days
from serving.bundle import Bundle, iso
from serving.live import left_out, live_features, refuse_other_features, table_frame
from serving.requests.errors import reader
from serving.requests.payload import CustomerHistory, HistoryRequest
from serving.requests.refusal import Refused
from serving.requests.rows import CustomerRow, EventRow, LoyaltyRow, TouchRow

LINE = {"order_id": "o1", "at": "2025-05-01T10:00:00Z", "quantity": 2, "unit_price": 4.95}
REQUEST = reader(HistoryRequest)({"customers": [{"customer_id": "a", "orders": [LINE]}]})


def test_models_that_need_more_than_order_lines_are_not_asked(bundle: Bundle) -> None:
    churn = bundle.models["churn"]
    manifest = {**churn.manifest, "features": [*churn.manifest["features"], "web_visits_30d_n"]}
    more = replace(bundle, models={"churn": replace(churn, manifest=manifest)})
    with pytest.raises(Refused, match=r"1 features that a history does not give \(web_visits_30d_n\)") as refused:
        live_features(more, REQUEST.customers, None)
    assert refused.value.status == 501


def asked(**tables: Any) -> list[CustomerHistory]:
    return reader(HistoryRequest)({"customers": [{"customer_id": "a", **tables}]}).customers


def test_with_orders_alone_it_is_a_bundle_made_of_orders_alone(bundle: Bundle) -> None:
    more = replace(bundle, tables=("customers", "events", "orders", "products"))
    for_orders, _ = live_features(more, asked(orders=[LINE]), None)
    pd.testing.assert_frame_equal(for_orders, live_features(bundle, asked(orders=[LINE]), None)[0], check_exact=True)
    assert left_out(more, asked(orders=[LINE])) == ["events", "profile"]
    assert left_out(more, asked(orders=[LINE], events=[])) == ["profile"]
    assert left_out(bundle, asked(orders=[LINE])) == []


def test_features_of_tables_that_are_not_there_are_null_and_added_at_once(
    bundle: Bundle, recwarn: pytest.WarningsRecorder
) -> None:
    """pandas warns of a frame to which more than a hundred columns were added one by one."""
    given = set(feature_names({"orders", "products"}))
    absent = [name for name in feature_names(set(TABLES) - {"contacts"}) if name not in given]
    churn = bundle.models["churn"]
    manifest = {**churn.manifest, "features": [*churn.manifest["features"], *absent]}
    more = replace(bundle, models={"churn": replace(churn, manifest=manifest)})
    found, _ = live_features(more, asked(orders=[LINE]), None)
    assert len(absent) > 100
    assert found[absent].isna().all(axis=None)
    assert {str(found[name].dtype) for name in absent if is_text(name)} == {"str"}
    assert {str(found[name].dtype) for name in absent if not is_text(name)} == {"float64"}
    assert not [each for each in recwarn if issubclass(each.category, pd.errors.PerformanceWarning)]


def test_customers_with_other_tables_do_not_change_each_other(bundle: Bundle) -> None:
    more = replace(bundle, tables=("events", "orders", "products"))
    one, other = (
        asked(orders=[LINE]),
        reader(HistoryRequest)({"customers": [{"customer_id": "b", "orders": [LINE], "events": []}]}).customers,
    )
    both, _ = live_features(more, [*other, *one], None)
    alone = [live_features(more, each, None)[0] for each in (other, one)]
    pd.testing.assert_frame_equal(both, pd.concat(alone, ignore_index=True), check_exact=True)


def test_people_without_an_order_are_answered_where_a_model_is_about_them(bundle: Bundle) -> None:
    churn = bundle.models["churn"]
    manifest = {**churn.manifest, "who": "known"}
    known = replace(
        bundle, tables=("events", "feedback", "orders"), models={"churn": replace(churn, manifest=manifest)}
    )
    visit = {"at": "2025-05-01T10:00:00Z", "kind": "page_view"}
    features, _ = live_features(known, asked(orders=[], events=[visit]), None)
    assert features["customer_id"].tolist() == ["a"]
    assert features["purchase_recency_days"].isna().all()
    ticket = {"at": "2025-05-01T10:00:00Z", "kind": "ticket"}
    assert len(live_features(known, asked(orders=[], feedback=[ticket]), None)[0]) == 1
    assert live_features(bundle, asked(orders=[], events=[visit]), None)[0].empty
    with pytest.raises(BadInput, match="1 customers come without 'orders', which is needed"):
        live_features(known, asked(events=[visit]), None)


@pytest.mark.parametrize(
    ("table", "row", "time", "what"),
    [
        ("orders", LINE, "at", "order lines"),
        ("events", {"kind": "page_view"}, "at", "events"),
        ("subscriptions", {"plan": "plus"}, "started_at", "contracts"),
    ],
)
def test_rows_that_would_not_count_at_the_default_time_are_refused(
    bundle: Bundle, table: str, row: dict[str, Any], time: str, what: str
) -> None:
    """They are those of the table that says who acts; with an ``as_of`` the sender has chosen what counts."""
    of_it = replace(bundle, tables=(table, "touches"))
    before, at = (iso(bundle.as_of + days) for days in (-1, 0))
    touch = {"at": at, "channel": "email", "kind": "open"}
    live_features(of_it, asked(**{table: [row | {time: before}]}, touches=[touch]), None)
    later = asked(**{table: [row | {time: before}, row | {time: at}]})
    with pytest.raises(BadInput, match=f"1 {what} are at or after {at}, .* would not count: send as_of"):
        live_features(of_it, later, None)
    live_features(of_it, later, datetime.fromisoformat(iso(bundle.as_of + 1)).replace(tzinfo=None))


def test_a_bundle_without_products_leaves_categories_null(bundle: Bundle) -> None:
    features, as_of = live_features(replace(bundle, products=None), REQUEST.customers, None)
    assert as_of == bundle.as_of
    assert features["customer_id"].tolist() == ["a"]
    assert features["basket_categories_n"].isna().all()


def test_a_history_brings_what_came_later_to_the_contract_only_where_it_is_read() -> None:
    at = "2025-05-01T10:00:00Z"
    attributes = {"level_hobby": "chess", "ordered_size": 2, "ordered_protected_age_band": 3}
    customer = {
        "customer_id": "a",
        "orders": [LINE],
        "events": [{"at": at, "kind": "search", "query": "mug", "results_n": 0}],
        "loyalty": [{"at": at, "kind": "earn", "points": 5}],
        "profile": {"motivation": "price", "attributes": attributes},
    }
    asked = reader(HistoryRequest)({"customers": [customer]}).customers
    read = inputs_of(
        [
            "ordered_protected_age_band",
            "search_words_90d_n",
            "points_balance",
            "level_hobby=chess",
            "ordered_size",
            "level_motivation",
        ]
    )
    frames = {table: table_frame(table, asked, read) for table in ("orders", "events", "loyalty", "customers")}
    assert frames["events"]["query"].to_list() == ["mug"]
    assert "results_n" not in frames["events"].columns
    assert frames["customers"].select("motivation", "level_hobby", "ordered_size").rows() == [("price", "chess", 2)]
    assert frames["customers"]["ordered_protected_age_band"].to_list() == [3]
    found = live_snapshot(frames, to_days("2025-05-02"))
    pd.testing.assert_frame_equal(found, to_pandas(snapshot(from_frames(frames), to_days("2025-05-02"))))
    assert found[["search_words_90d_n", "points_balance", "level_hobby", "ordered_size"]].to_numpy().tolist() == [
        [1.0, 5.0, "chess", 2.0]
    ]
    refuse_other_features(["search_words_90d_n", "level_hobby=chess", "seasonal_share", "points_tier=gold"])


def test_a_request_can_bring_every_optional_column() -> None:
    rows = {"events": EventRow, "touches": TouchRow, "customers": CustomerRow, "loyalty": LoyaltyRow}
    for table, row in rows.items():
        assert set(TABLES[table].optional) <= set(row.model_fields), table
