"""Stripe: payments, customers and subscriptions. Every buyer has one, from the first payment on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.journeys.exports.shop import Order, Person, Shop, money, write_like

REFUNDS = True
ASKED = ("churn", "segments", "contract_churn")
PERIOD = timedelta(days=30)
TERM = {"often": timedelta(days=150), "seldom": timedelta(days=90)}
"""How long the subscriptions of some kinds of people last; who leaves ends theirs a period after the last payment."""
FAILED_EVERY = 12
"""Payments of which one failed at first."""


def customer_id(person: Person) -> str:
    """The e-mail address."""
    return person.email


def write(shop: Shop, folder: Path) -> None:
    """Write all three exports, newest first, as Stripe does."""
    payments = [row for order in reversed(shop.orders) for row in _payments(order)]
    write_like("stripe", "unified_payments.csv", folder / "unified_payments.csv", payments)
    people = [
        {"id": f"cus_{p.number}", "Email": p.email, "Created (UTC)": f"{p.signed_up_at:%Y-%m-%d %H:%M}"}
        for p in reversed(shop.people)
    ]
    write_like("stripe", "unified_customers.csv", folder / "unified_customers.csv", people)
    write_like("stripe", "subscriptions.csv", folder / "subscriptions.csv", _subscriptions(shop))


def _payments(order: Order) -> Iterator[dict[str, str]]:
    amount = money(order.paid_cents)
    about = {
        "Amount": amount,
        "Amount Refunded": "0.00",
        "Currency": "usd",
        "Customer ID": f"cus_{order.person.number}",
        "Customer Email": order.person.email,
        "Card Issue Country": order.person.place[0],
        "Mode": "Live",
    }
    paid = {
        "id": f"ch_{order.number}",
        "Created date (UTC)": f"{order.at:%Y-%m-%d %H:%M:%S}",
        "Converted Amount": amount,
        "Status": "Paid",
    }
    if order.refunded_at:
        refunded_at = f"{order.refunded_at:%Y-%m-%d %H:%M:%S}"
        paid |= {"Amount Refunded": amount, "Refunded date (UTC)": refunded_at, "Status": "Refunded"}
    yield about | paid
    if order.number % FAILED_EVERY == 0:
        failed_at = f"{order.at - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
        yield about | {"id": f"ch_{order.number}f", "Created date (UTC)": failed_at, "Status": "Failed"}


def _subscriptions(shop: Shop) -> Iterator[dict[str, str]]:
    paid_at: dict[Person, list[datetime]] = {}
    for order in shop.orders:
        paid_at.setdefault(order.person, []).append(order.at)
    for person, times in paid_at.items():
        ends = times[0] + TERM[person.kind] if person.kind in TERM else times[-1] + PERIOD
        ended = person.kind != "monthly" and ends < shop.last
        yield {
            "id": f"sub_{person.number}",
            "Customer ID": f"cus_{person.number}",
            "Customer Email": person.email,
            "Plan": "price_basic",
            "Amount": "19.00",
            "Status": "canceled" if ended else "active",
            "Created (UTC)": f"{times[0]:%Y-%m-%d %H:%M}",
            "Start (UTC)": f"{times[0]:%Y-%m-%d %H:%M}",
            "Current Period Start (UTC)": f"{max(ends - PERIOD, times[0]):%Y-%m-%d %H:%M}",
            "Current Period End (UTC)": f"{ends:%Y-%m-%d %H:%M}",
            "Canceled At (UTC)": f"{max(ends - PERIOD, times[0]):%Y-%m-%d %H:%M}" if ended else "",
            "Ended At (UTC)": f"{ends:%Y-%m-%d %H:%M}" if ended else "",
        }
