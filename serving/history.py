"""Histories: customers whose rows come with the request, answered from features computed now."""

import gc
from datetime import timedelta
from typing import Any, get_args

from features.errors import CoterieError
from features.past import acting_table
from features.tables import EventKind, FeedbackKind, TouchChannel, TouchKind
from features.windows import to_datetime
from models.predictor import Predictor
from models.reasons import warm
from serving.answers import answer
from serving.bundle import Bundle, iso
from serving.live import left_out, live_features
from serving.requests.errors import reader
from serving.requests.payload import HistoryRequest
from serving.requests.reply import Reply, answered, as_bytes, facts, failure, refused
from serving.requests.strict_json import strict_json

read_request = reader(HistoryRequest)


def answer_history(bundle: Bundle, body: bytes) -> Reply:
    """The answer to a request's body, or the sentence that refuses it."""
    try:
        asked = read_request(strict_json(body))
        features, moment = live_features(bundle, asked.customers, asked.as_of)
    except CoterieError as error:
        return refused(error)
    known = set(features["customer_id"])
    unknown = [customer.customer_id for customer in asked.customers if customer.customer_id not in known]
    if not known:
        return failure(422, nobody(bundle, len(unknown), moment))
    missing = left_out(bundle, asked.customers)
    about = facts(iso(moment), bundle.versions, bundle.version, **({"left_out": missing} if missing else {}))
    return answered(answer(bundle.models, features).as_json(moment), unknown, about)


def nobody(bundle: Bundle, customers_n: int, as_of: float) -> str:
    """The error if no history has a row that makes its customer one whom the models are about."""
    sign = {"orders": "sale", "events": "event", "subscriptions": "contract"}[acting_table(bundle.tables)]
    what = "row" if bundle.who == "known" else sign
    return (
        f"none of the {customers_n} histories has a {what} before {iso(as_of)}, at least one is needed: "
        "send earlier rows, or a later as_of"
    )


def warm_up(bundle: Bundle) -> None:
    """Answer histories of this bundle's kind, so that no request waits for lazy imports or for a plan to be made.

    Then all objects so far are excluded from garbage collection: a full collection visits every object of every
    library, which delayed a request by tens of milliseconds.
    """
    for loaded in bundle.models.values():
        if isinstance(loaded.model, Predictor):
            warm(loaded.model)  # a question may not apply to any of the customers below
    filled, acting = typical(bundle, empty=False), acting_table(bundle.tables)
    nothing_else = [{key: each[key] for key in ("customer_id", acting)} for each in filled]
    for customers in (typical(bundle, empty=True), filled, nothing_else):
        for asked in (customers, customers[:1]):  # one customer alone is computed in another way than several
            answer_history(bundle, as_bytes({"customers": asked}))
    gc.collect()
    gc.freeze()


def typical(bundle: Bundle, *, empty: bool) -> list[dict[str, Any]]:
    """Two customers with orders, and every other table either without a row or with a row of each kind."""
    day = to_datetime(bundle.as_of) - timedelta(days=20)
    at = day.isoformat()
    orders = [
        {"order_id": f"o{number}", "at": at, "quantity": 1, "unit_price": 5.0, "kind": kind, "product_id": product}
        for number, (kind, product) in enumerate([("sale", "p1"), ("sale", None), ("return", "p1")])
    ]
    others: dict[str, list[dict[str, Any]]] = {
        "events": [{"at": at, "kind": kind, "product_id": "p1"} for kind in get_args(EventKind)],
        "touches": [{"at": at, "channel": channel, "kind": kind} for channel, kind in _pairs()],
        "feedback": [{"at": at, "kind": kind, "score": 3, "text": "good"} for kind in get_args(FeedbackKind)],
        "subscriptions": [{"plan": "plus", "price": 5.0, "started_at": at}],
        "loyalty": [{"at": at, "kind": "earn", "points": 5}, {"at": at, "kind": "tier", "tier": "gold"}],
    }
    rows = {table: [] if empty else found for table, found in others.items()}
    profile = {} if empty else {"country": "x", "birth_year": 1980, "signed_up_at": at}
    return [{"customer_id": name, "orders": orders, **rows, "profile": profile} for name in ("a", "b")]


def _pairs() -> list[tuple[str, str]]:
    return list(zip(get_args(TouchChannel), get_args(TouchKind), strict=False))
