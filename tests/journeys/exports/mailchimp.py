"""Mailchimp: the audience, campaigns, what each contact did with each of them, and orders of the connected shop."""

import hashlib
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.journeys.exports.shop import Mail, Order, Person, Shop, write_like

REFUNDS = True
ASKED = ("churn", "segments", "first_order")
SUBSCRIBED = "subscribed_email_audience_export_0a1b2c3d4e.csv"
UNSUBSCRIBED = "unsubscribed_email_audience_export_0a1b2c3d4e.csv"
LEFT_EVERY = 25
"""Contacts of which one unsubscribed in the end."""


def customer_id(person: Person) -> str:
    """The MD5 hash of the address."""
    return hashlib.md5(person.email.encode(), usedforsecurity=False).hexdigest()


def write(shop: Shop, folder: Path) -> None:
    """Write the two files of the audience, and the answers of the API."""
    gone = [person for person in shop.people if person.number % LEFT_EVERY == 0]
    left = {"UNSUB_TIME": f"{shop.last:%Y-%m-%d %H:%M:%S}", "UNSUB_CAMPAIGN_ID": f"c{shop.campaigns[-1].number}"}
    write_like("mailchimp", SUBSCRIBED, folder / SUBSCRIBED, [_member(p) for p in shop.people if p not in gone])
    write_like("mailchimp", UNSUBSCRIBED, folder / UNSUBSCRIBED, [_member(p) | left for p in gone])
    campaigns = [
        {"id": f"c{each.number}", "status": "sent", "send_time": f"{each.at:%Y-%m-%dT%H:%M:%S}+00:00",
         "settings": {"title": f"Letter {each.number}"}}
        for each in shop.campaigns
    ]  # fmt: skip
    _write(folder / "campaigns.json", {"campaigns": campaigns, "total_items": len(campaigns)})
    for campaign, mails in groupby(shop.mails, key=lambda mail: mail.campaign):
        emails = [_activity(mail) for mail in mails]
        _write(folder / f"email_activity_c{campaign.number}.json", {"emails": emails, "total_items": len(emails)})
    _write(folder / "ecommerce_orders.json", {"orders": [_order(order) for order in shop.orders]})


def _write(path: Path, answer: dict[str, Any]) -> None:
    path.write_text(json.dumps(answer), encoding="utf-8")


def _member(person: Person) -> dict[str, str]:
    at = f"{person.signed_up_at:%Y-%m-%d %H:%M:%S}"
    return {"Email Address": person.email, "OPTIN_TIME": at, "CONFIRM_TIME": at, "CC": person.place[0], "TAGS": ""}


def _activity(mail: Mail) -> dict[str, Any]:
    happened = {"open": mail.opened_at, "click": mail.clicked_at}
    return {
        "campaign_id": f"c{mail.campaign.number}",
        "email_id": customer_id(mail.person),
        "email_address": mail.person.email,
        "activity": [
            {"action": action, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}+00:00"} for action, at in happened.items() if at
        ],
    }


def _order(order: Order) -> dict[str, Any]:
    placed_at = f"{order.at:%Y-%m-%dT%H:%M:%S}+00:00"
    changed_at = f"{order.refunded_at:%Y-%m-%dT%H:%M:%S}+00:00" if order.refunded_at else placed_at
    lines = [
        {
            "id": f"{order.number}-{n}",
            "product_id": line.product.sku,
            "product_title": line.product.name,
            "quantity": line.quantity,
            "price": line.product.cents / 100,
            "discount": 0,
        }
        for n, line in enumerate(order.lines)
    ]
    return {
        "id": str(order.number),
        "customer": {"email_address": order.person.email},
        "store_id": "shop1",
        "financial_status": "refunded" if order.refunded_at else "paid",
        "currency_code": "USD",
        "order_total": order.paid_cents / 100,
        "discount_total": order.off_cents / 100,
        "processed_at_foreign": placed_at,
        "updated_at_foreign": changed_at,
        "lines": lines,
    }
