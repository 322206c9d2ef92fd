"""Shopify: orders with their lines filled down, transactions with refunds, customers, products."""

from collections.abc import Iterator
from pathlib import Path

from tests.journeys.exports.shop import PRODUCTS, Order, Person, Shop, money, write_like

REFUNDS = True
ASKED = ("churn", "segments")


def customer_id(person: Person) -> str:
    """The e-mail address."""
    return person.email


def write(shop: Shop, folder: Path) -> None:
    """Write all four exports; newest orders first, as Shopify does."""
    lines = [row for order in reversed(shop.orders) for row in _lines(order)]
    write_like("shopify", "orders_export_1.csv", folder / "orders_export_1.csv", lines)
    paid = [row for order in shop.orders for row in _transactions(order)]
    write_like("shopify", "transactions_export_1.csv", folder / "transactions_export_1.csv", paid)
    people = [
        {
            "Customer ID": f"'72{person.number:08}",
            "Email": person.email,
            "Accepts Email Marketing": "yes" if person.number % 2 else "no",
            "Default Address Country Code": person.place[0],
            "Default Address City": person.place[2],
        }
        for person in shop.people
    ]
    write_like("shopify", "customers_export.csv", folder / "customers_export.csv", people)
    products = [
        {
            "Handle": p.name.lower(),
            "Title": p.name,
            "Type": p.category,
            "Variant SKU": p.sku,
            "Variant Price": money(p.cents),
        }
        for p in PRODUCTS
    ]
    write_like("shopify", "products_export_1.csv", folder / "products_export_1.csv", products)


def _lines(order: Order) -> Iterator[dict[str, str]]:
    at = f"{order.at:%Y-%m-%d %H:%M:%S} +0000"
    first = {
        "Financial Status": "refunded" if order.refunded_at else "paid",
        "Paid at": at,
        "Currency": "USD",
        "Subtotal": money(order.paid_cents),
        "Total": money(order.paid_cents),
        "Discount Amount": money(order.off_cents),
        "Source": "web",
    }
    for n, line in enumerate(order.lines):
        yield {
            "Name": f"#{1000 + order.number}",
            "Email": order.person.email,
            "Created at": at,
            "Lineitem quantity": str(line.quantity),
            "Lineitem name": line.product.name,
            "Lineitem price": money(line.product.cents),
            "Lineitem sku": line.product.sku,
            "Lineitem discount": "0.00",
            **({} if n else first),
        }


def _transactions(order: Order) -> Iterator[dict[str, str]]:
    about = {
        "Name": f"#{1000 + order.number}",
        "Status": "success",
        "Amount": money(order.paid_cents),
        "Currency": "USD",
    }
    yield about | {"Kind": "sale", "Created At": f"{order.at:%Y-%m-%d %H:%M:%S} +0000"}
    if order.refunded_at:
        yield about | {"Kind": "refund", "Created At": f"{order.refunded_at:%Y-%m-%d %H:%M:%S} +0000"}
