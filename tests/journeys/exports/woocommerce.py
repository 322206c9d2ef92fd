"""WooCommerce: orders as the plug-in Advanced Order Export writes them, one line an item; products."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.journeys.exports.shop import PRODUCTS, Order, Person, Shop, money, write_like

REFUNDS = True
ASKED = ("churn", "segments")
PARIS = ZoneInfo("Europe/Paris")


def customer_id(person: Person) -> str:
    """The e-mail address."""
    return person.email


def write(shop: Shop, folder: Path) -> None:
    """Write both exports."""
    lines = [row for order in shop.orders for row in _lines(order)]
    write_like("woocommerce", "orders-2024-02-03.csv", folder / "orders-2026-07-03.csv", lines)
    products = [
        {
            "ID": n,
            "Type": "simple",
            "SKU": p.sku,
            "Name": p.name,
            "Regular price": money(p.cents),
            "Categories": p.category,
        }
        for n, p in enumerate(PRODUCTS)
    ]
    write_like("woocommerce", "wc-product-export-3-2-2024.csv", folder / "wc-product-export-3-7-2026.csv", products)


def _lines(order: Order) -> Iterator[dict[str, object]]:
    """Local times to the minute; what one piece cost after coupons; units without those that came back."""
    country, _, city = order.person.place
    for n, line in enumerate(order.lines, start=1):
        yield {
            "Order Number": 7000 + order.number,
            "Order Status": "Completed",
            "Order Date": f"{order.at.replace(tzinfo=UTC).astimezone(PARIS):%Y-%m-%d %H:%M}",
            "City (Billing)": city,
            "Country Code (Billing)": country,
            "Email (Billing)": order.person.email,
            "Cart Discount Amount": money(order.off_cents),
            "Order Refund Amount": money(order.paid_cents if order.refunded_at else 0),
            "SKU": line.product.sku,
            "Item #": n,
            "Item Name": line.product.name,
            "Quantity (- Refund)": 0 if order.refunded_at else line.quantity,
            "Item Cost": money(line.product.cents - line.off_cents),
        }
