"""Live features on their own: what a history cannot answer is refused before any work."""

from dataclasses import replace

import pytest

from serving.bundle import Bundle
from serving.live import live_features
from serving.requests.errors import reader
from serving.requests.payload import HistoryRequest
from serving.requests.refusal import Refused

LINE = {"order_id": "o1", "at": "2025-05-01T10:00:00Z", "quantity": 2, "unit_price": 4.95}
REQUEST = reader(HistoryRequest)({"customers": [{"customer_id": "a", "orders": [LINE]}]})


def test_models_that_need_more_than_order_lines_are_not_asked(bundle: Bundle) -> None:
    churn = bundle.models["churn"]
    manifest = {**churn.manifest, "features": [*churn.manifest["features"], "web_visits_30d_n"]}
    more = replace(bundle, models={"churn": replace(churn, manifest=manifest)})
    with pytest.raises(Refused, match=r"1 features that a history does not give \(web_visits_30d_n\)") as refused:
        live_features(more, REQUEST.customers, None)
    assert refused.value.status == 501


def test_a_bundle_without_products_leaves_categories_null(bundle: Bundle) -> None:
    features, as_of = live_features(replace(bundle, products=None), REQUEST.customers, None)
    assert as_of == bundle.as_of
    assert features["customer_id"].tolist() == ["a"]
    assert features["basket_categories_n"].isna().all()
