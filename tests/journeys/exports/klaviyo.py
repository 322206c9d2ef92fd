"""Klaviyo: profiles, and pages of a thousand events of its API: messages, visits and orders."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.journeys.exports.shop import Order, Person, Shop, write_like

REFUNDS = True
ASKED = ("churn", "segments", "first_order")
METRICS = {
    name: f"M{n}"
    for n, name in enumerate((
        "Received Email", "Opened Email", "Clicked Email", "Viewed Product", "Started Checkout", "Placed Order",
        "Refunded Order", "Subscribed to List",
    ))
}  # fmt: skip
"""The id of each metric."""
PAGE = 1000


def customer_id(person: Person) -> str:
    """Klaviyo's profile."""
    return f"01HK{person.number:022}"


def write(shop: Shop, folder: Path) -> None:
    """Write profiles.csv and events_1.json, events_2.json, ..."""
    people = [
        {
            "Email": person.email,
            "Klaviyo ID": customer_id(person),
            "City": person.place[2],
            "Country": person.place[1],
            "Source": "Sign-up form" if person.number % 3 else "Checkout",
            "Email Marketing Consent": "SUBSCRIBED",
            "Email Marketing Consent Timestamp": f"{person.signed_up_at:%Y-%m-%d %H:%M:%S}",
            "Profile Created On": f"{person.signed_up_at:%Y-%m-%d %H:%M:%S}",
            "Date Added": f"{person.signed_up_at:%Y-%m-%d %H:%M:%S}",
        }
        for person in shop.people
    ]
    write_like("klaviyo", "profiles.csv", folder / "profiles.csv", people)
    included = [{"type": "metric", "id": id_, "attributes": {"name": name}} for name, id_ in METRICS.items()]
    events = sorted(_events(shop), key=lambda event: str(event["attributes"]["datetime"]))
    for first in range(0, len(events), PAGE):
        text = json.dumps({"data": events[first : first + PAGE], "included": included, "links": {"next": None}})
        (folder / f"events_{first // PAGE + 1}.json").write_text(text, encoding="utf-8")


def _events(shop: Shop) -> Iterable[dict[str, Any]]:
    for person in shop.people:
        yield _event("Subscribed to List", person, person.signed_up_at, {"List": "Newsletter"})
    for mail in shop.mails:
        about = {"$message": f"M{mail.campaign.number}", "Campaign Name": f"Letter {mail.campaign.number}"}
        yield _event("Received Email", mail.person, mail.campaign.at, about)
        if mail.opened_at:
            yield _event("Opened Email", mail.person, mail.opened_at, about)
        if mail.clicked_at:
            yield _event("Clicked Email", mail.person, mail.clicked_at, about)
    for visit in shop.visits:
        about = {"ProductID": visit.product.sku, "ProductName": visit.product.name}
        yield _event("Viewed Product", visit.person, visit.at, about)
    for order in shop.orders:
        about = _about(order)
        yield _event("Started Checkout", order.person, order.at, {"$event_id": f"c{order.number}"})
        yield _event("Placed Order", order.person, order.at, about)
        if order.refunded_at:
            yield _event("Refunded Order", order.person, order.refunded_at, about | {"Reason": "returned"})


def _about(order: Order) -> dict[str, Any]:
    items = [
        {
            "ProductID": line.product.sku,
            "ProductName": line.product.name,
            "Quantity": line.quantity,
            "ItemPrice": line.product.cents / 100,
            "Categories": [line.product.category],
        }
        for line in order.lines
    ]
    return {
        "OrderId": str(1000 + order.number),
        "DiscountValue": order.off_cents / 100,
        "Items": items,
        "$event_id": str(1000 + order.number),
        "$value": order.paid_cents / 100,
    }


def _event(metric: str, person: Person, at: datetime, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "event",
        "id": f"{METRICS[metric]}-{person.number}-{at:%y%m%d%H%M%S}",
        "attributes": {"event_properties": properties, "datetime": f"{at:%Y-%m-%dT%H:%M:%S}+00:00"},
        "relationships": {
            "profile": {"data": {"type": "profile", "id": customer_id(person)}},
            "metric": {"data": {"type": "metric", "id": METRICS[metric]}},
        },
    }
