"""HubSpot: contacts, companies of ten contacts each, and deals, of which some are lost."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.journeys.exports.shop import Person, Shop, money, write_like

REFUNDS = False
ASKED = ("churn", "segments")
NEW_YORK = ZoneInfo("America/New_York")
LOST_EVERY = 7
"""Deals of which one more was lost."""
NAME = "hubspot-crm-exports-all-{}-2024-03-01.csv"


def customer_id(person: Person) -> str:
    """HubSpot's contact."""
    return str(8000 + person.number)


def write(shop: Shop, folder: Path) -> None:
    """Write the three exports, with times of the account's own zone."""
    people = [
        {
            "Record ID": customer_id(person),
            "Email": person.email,
            "Lifecycle Stage": "Lead" if person.kind == "lead" else "Customer",
            "Create Date": _local(person.signed_up_at),
            "Original Source": "Organic Search" if person.number % 2 else "Direct Traffic",
            "City": person.place[2],
            "Country/Region": person.place[1],
            "Associated Company IDs": str(9000 + person.number // 10),
        }
        for person in shop.people
    ]
    companies = [
        {"Record ID": 9000 + n, "Company name": f"Firm {n}", "Industry": "RETAIL", "Number of Employees": 10 * n + 1}
        for n in range(len(shop.people) // 10 + 1)
    ]
    deals = [
        {
            "Record ID": f"{7000 + order.number}{lost or ''}",
            "Deal Stage": "Closed Lost" if lost else "Closed Won",
            "Close Date": _local(order.at),
            "Amount": money(order.paid_cents),
            "Pipeline": "Sales Pipeline",
            "Associated Contact IDs": customer_id(order.person),
        }
        for order in shop.orders
        for lost in range(1 + (order.number % LOST_EVERY == 0))
    ]
    for kind, rows in {"contacts": people, "companies": companies, "deals": deals}.items():
        write_like("hubspot", NAME.format(kind), folder / NAME.format(kind), rows)


def _local(at: datetime) -> str:
    return f"{at.replace(tzinfo=UTC).astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
