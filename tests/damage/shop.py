"""A clean shop of few orders, and one input made of it: damaged files, and what must become of every record in them."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

HEADER = ("order_no", "customer", "when", "sku", "qty", "price", "discount")
SELECT = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
    price AS unit_price, discount, 'sale' AS kind FROM lines"""
PRODUCTS = ("mug", "pot", "tea towel", "lamp-2", "A5 pad")
FIRST = datetime(2024, 1, 1)


@dataclass(frozen=True, order=True)
class Line:
    """One order line as the canonical table must have it; an order has one line, so that its id tells the line."""

    order_id: str
    customer_id: str
    at: datetime
    product_id: str
    quantity: int
    unit_price: Decimal
    discount: Decimal | None = None

    def cells(self) -> list[str]:
        """The line as text under ``HEADER``."""
        return [
            self.order_id, self.customer_id, f"{self.at:%Y-%m-%d %H:%M:%S}", self.product_id, str(self.quantity),
            str(self.unit_price), "" if self.discount is None else str(self.discount),
        ]  # fmt: skip

    def values(self) -> tuple[Any, ...]:
        """The line as DuckDB returns it."""
        discount = None if self.discount is None else float(self.discount)
        return (
            self.order_id, self.customer_id, self.at, self.product_id, float(self.quantity), float(self.unit_price),
            discount,
        )  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """A record that must be refused; ``line``: of the raw file, where its text is no row; "" is any reason."""

    reason: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Input:
    """Files of one or more deliveries, how a source declares them, and what must become of every record.

    Each of ``deliveries`` is put beside, or over, the files of those before, and ingested. ``kept`` are the lines of
    the canonical table after the last, of which ``repaired`` were written with harmless damage. ``refused``: texts
    that the one sentence has with which the last ingest must be refused. ``late``: lines known since the last delivery.
    """

    deliveries: Sequence[Mapping[str, bytes]]
    kept: Sequence[Line] = ()
    repaired: int = 0
    duplicates: int = 0
    rejected: Sequence[Refusal] = ()
    refused: tuple[str, ...] = ()
    findings: frozenset[str] = frozenset()
    late: frozenset[Line] = frozenset()
    keys: Mapping[str, Any] = field(default_factory=dict)
    pattern: str = "lines*"
    sql: Mapping[str, str] = field(default_factory=lambda: {"orders": SELECT})

    @property
    def records(self) -> int:
        """How many records were written, whatever becomes of them."""
        return len(self.kept) + self.duplicates + len(self.rejected)


Kind = Callable[[random.Random], Input]
KINDS: dict[str, Kind] = {}
"""Every kind of damage, by what a person would call it."""


def kind(name: str) -> Callable[[Kind], Kind]:
    """Add a maker of inputs to ``KINDS``."""

    def add(make: Kind) -> Kind:
        KINDS[name] = make
        return make

    return add


def clean_lines(rng: random.Random, n: int | None = None, prefix: str = "") -> list[Line]:
    """Order lines of a few customers, no two at one time; ids differ between calls with different ``rng``."""
    series = prefix or f"N{rng.randrange(10**9)}"
    customers = [f"c{rng.randrange(10**6)}" for _ in range(6)]
    return [
        Line(
            order_id=f"{series}-{number}",
            customer_id=rng.choice(customers),
            at=FIRST + timedelta(minutes=977 * number + rng.randrange(900), seconds=rng.randrange(60)),
            product_id=rng.choice(PRODUCTS),
            quantity=rng.randint(1, 9),
            unit_price=Decimal(rng.randint(100, 99_999)) / 100,
            discount=rng.choice([None, Decimal(rng.randint(1, 99)) / 100]),
        )
        for number in range(n or rng.randint(12, 40))
    ]


def counted(refusals: Sequence[Refusal]) -> Counter[str]:
    """How often each reason is expected."""
    return Counter(refusal.reason for refusal in refusals)
