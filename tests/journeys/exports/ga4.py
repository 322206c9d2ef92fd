"""Google Analytics 4: a file a day of the BigQuery export, one event a line. People are known by their first visit."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.journeys.exports.shop import Line, Order, Person, Product, Shop

REFUNDS = True
ASKED = ("churn", "segments", "first_order")


def customer_id(person: Person) -> str:
    """The user_id of the site."""
    return f"u-{person.number}"


def write(shop: Shop, folder: Path) -> None:
    """Write events_YYYYMMDD.json for every day on which something happened."""
    by_day: dict[str, list[str]] = defaultdict(list)
    for event in _events(shop):
        by_day[event["event_date"]].append(json.dumps(event))
    for day, lines in by_day.items():
        (folder / f"events_{day}.json").write_text("\n".join([*sorted(lines), ""]), encoding="utf-8")


def _events(shop: Shop) -> Iterable[dict[str, Any]]:
    for visit in shop.visits:
        page = {"page_location": f"https://shop.example.com/{visit.product.sku}?utm_source=mail"}
        yield _event("page_view", visit.at, visit.person, page)
        yield _event("view_item", visit.at, visit.person, {}, [_item(visit.product)])
    for order in shop.orders:
        about = {"transaction_id": f"T-{order.number}", "currency": "USD"}
        items = [_bought(line) for line in order.lines]
        yield _event("begin_checkout", order.at, order.person, {}, items)
        yield _event("purchase", order.at, order.person, about, items)
        if order.refunded_at:
            yield _refund(order, about)


def _event(
    name: str, at: datetime, person: Person, params: dict[str, str], items: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    _, country, city = person.place
    session = [{"key": "ga_session_id", "value": {"int_value": f"{at:%y%m%d}"}}]
    return {
        "event_date": f"{at:%Y%m%d}",
        "event_timestamp": str(int(at.replace(tzinfo=UTC).timestamp() * 1e6)),
        "event_name": name,
        "event_params": session + [{"key": key, "value": {"string_value": value}} for key, value in params.items()],
        "user_pseudo_id": f"{104839201 + person.number}.1704445200",
        "user_id": customer_id(person),
        "device": {"category": "mobile" if person.number % 2 else "desktop", "language": "en-us"},
        "geo": {"country": country, "city": city},
        "traffic_source": {"name": "google", "medium": "organic", "source": "google"},
        "platform": "WEB",
        "items": items or [],
    }


def _refund(order: Order, about: dict[str, str]) -> dict[str, Any]:
    """Sent by the shop's server, which knows no visitor, and for all items, which it does not list."""
    assert order.refunded_at is not None
    sent = _event("refund", order.refunded_at, order.person, about)
    return {key: value for key, value in sent.items() if key not in {"user_id", "geo"}} | {"user_pseudo_id": "server"}


def _item(product: Product) -> dict[str, Any]:
    return {"item_id": product.sku, "item_name": product.name, "item_category": product.category}


def _bought(line: Line) -> dict[str, Any]:
    price = (line.product.cents - line.off_cents) / 100
    return _item(line.product) | {"price": price, "quantity": str(line.quantity)}
