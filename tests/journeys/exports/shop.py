"""A made-up shop in memory: its people, what they buy, read and look at. Exporters write it as a tool would export it.

What people did tells what they will do: some buy often, some monthly, some seldom, some leave for good, and some never
buy. So every study has something to find. All money is whole cents, and every date is decided by the seed.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipelines.sources import load_source

FIRST = datetime(2025, 1, 1)
GAP_DAYS = {"often": 9, "monthly": 28, "seldom": 65, "leaving": 8, "lead": None}
"""Days between two orders of each kind of person; nobody who is a lead buys."""
CAMPAIGN_DAYS = 21
COUNTRIES = (("FR", "France", "Lyon"), ("US", "United States", "Springfield"), ("BE", "Belgium", "Gent"))


@dataclass(frozen=True)
class Product:
    """Something the shop sells."""

    sku: str
    name: str
    category: str
    cents: int


PRODUCTS = (
    Product("TEA", "Green tea", "Tea", 950),
    Product("CHAI", "Chai", "Tea", 1150),
    Product("CUP", "Cup", "Tableware", 1200),
    Product("POT", "Teapot", "Tableware", 3900),
    Product("TIN", "Tin", "Storage", 700),
)


@dataclass(frozen=True)
class Person:
    """Somebody whom the shop knows since ``signed_up_at``."""

    number: int
    kind: str
    signed_up_at: datetime

    @property
    def email(self) -> str:
        """A made-up address."""
        return f"{self.kind}{self.number}@example.com"

    @property
    def place(self) -> tuple[str, str, str]:
        """Country code, country, city."""
        return COUNTRIES[self.number % len(COUNTRIES)]


@dataclass(frozen=True)
class Line:
    """Some units of one product; ``off_cents`` is taken off each unit."""

    product: Product
    quantity: int
    off_cents: int


@dataclass(frozen=True)
class Order:
    """What a person bought at once; ``refunded_at`` if all of it was paid back."""

    number: int
    person: Person
    at: datetime
    lines: tuple[Line, ...]
    refunded_at: datetime | None

    @property
    def goods_cents(self) -> int:
        """Before the discount."""
        return sum(line.quantity * line.product.cents for line in self.lines)

    @property
    def off_cents(self) -> int:
        """The discount."""
        return sum(line.quantity * line.off_cents for line in self.lines)

    @property
    def paid_cents(self) -> int:
        """What was paid."""
        return self.goods_cents - self.off_cents


@dataclass(frozen=True)
class Campaign:
    """A message to everybody who is known when it goes out."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Mail:
    """A campaign's message to one person, and what became of it."""

    campaign: Campaign
    person: Person
    opened_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True)
class Visit:
    """A person looked at a product on the site."""

    person: Person
    at: datetime
    product: Product


@dataclass(frozen=True)
class Shop:
    """All of it, each in the order of time."""

    people: tuple[Person, ...]
    orders: tuple[Order, ...]
    campaigns: tuple[Campaign, ...]
    mails: tuple[Mail, ...]
    visits: tuple[Visit, ...]

    @property
    def last(self) -> datetime:
        """When the last order was placed."""
        return self.orders[-1].at

    def spend(self, refunds: bool) -> Mapping[Person, float]:
        """What each buyer paid, minus what came back if ``refunds``."""
        cents: dict[Person, int] = defaultdict(int)
        for order in self.orders:
            cents[order.person] += 0 if refunds and order.refunded_at else order.paid_cents
        return {person: total / 100 for person, total in cents.items()}


def made_up(people_n: int, days: int, seed: int = 17) -> Shop:
    """A shop of ``people_n`` people over ``days`` days from FIRST on."""
    rng = np.random.default_rng(seed)
    kinds = list(GAP_DAYS)
    people = tuple(
        Person(n, kinds[n % len(kinds)], FIRST + timedelta(days=float(rng.uniform(0, days - 15))))
        for n in range(people_n)
    )
    end = FIRST + timedelta(days=days)
    placed = sorted((at, person.number) for person in people for at in _order_times(rng, person, end))
    orders = tuple(_order(rng, n, people[number], at, end) for n, (at, number) in enumerate(placed))
    campaigns = tuple(Campaign(n, FIRST + timedelta(days=n, hours=8)) for n in range(7, days, CAMPAIGN_DAYS))
    mails = tuple(_mail(rng, campaign, p) for campaign in campaigns for p in people if p.signed_up_at < campaign.at)
    return Shop(people, orders, campaigns, mails, tuple(_visits(rng, people, orders, end)))


def _order_times(rng: np.random.Generator, person: Person, end: datetime) -> Iterable[datetime]:
    gap = GAP_DAYS[person.kind]
    if gap is None:
        return
    at = person.signed_up_at + timedelta(days=float(rng.uniform(0.1, 40)))
    leaves = at + timedelta(days=float(rng.uniform(40, 200))) if person.kind == "leaving" else end
    while at < min(end, leaves):
        yield at.replace(microsecond=0)
        at += timedelta(days=float(gap * rng.uniform(0.6, 1.4)))


def _order(rng: np.random.Generator, number: int, person: Person, at: datetime, end: datetime) -> Order:
    reduced = rng.random() < 0.2
    chosen = rng.choice(len(PRODUCTS), size=int(rng.integers(1, 4)), replace=False)
    lines = tuple(
        Line(PRODUCTS[n], int(rng.integers(1, 4)), PRODUCTS[n].cents // 10 if reduced else 0) for n in sorted(chosen)
    )
    refunded_at = at + timedelta(days=3)
    return Order(number, person, at, lines, refunded_at if rng.random() < 0.05 and refunded_at < end else None)


def _mail(rng: np.random.Generator, campaign: Campaign, person: Person) -> Mail:
    """Leads seldom read; whoever bought lately, or is about to, does."""
    opens = rng.random() < (0.1 if person.kind == "lead" else 0.5)
    opened_at = campaign.at + timedelta(minutes=int(rng.integers(1, 3000))) if opens else None
    clicks = opened_at is not None and rng.random() < 0.4
    return Mail(campaign, person, opened_at, opened_at + timedelta(minutes=1) if opened_at and clicks else None)


def _visits(
    rng: np.random.Generator, people: tuple[Person, ...], orders: tuple[Order, ...], end: datetime
) -> list[Visit]:
    """A look at each product before it is bought, one the week before, and one of each person after signing up."""
    looks = [(p, p.signed_up_at + timedelta(hours=1), PRODUCTS[p.number % len(PRODUCTS)]) for p in people]
    for order in orders:
        early = order.at - timedelta(days=float(rng.uniform(1, 7)))
        looks += [(order.person, max(early, order.person.signed_up_at), order.lines[0].product)]
        looks += [
            (order.person, order.at - timedelta(minutes=5 + n), line.product) for n, line in enumerate(order.lines)
        ]
    visits = [Visit(person, at.replace(microsecond=0), product) for person, at, product in looks if at < end]
    return sorted(visits, key=lambda visit: (visit.at, visit.person.number))


def header_of(recipe: str, file: str) -> list[str]:
    """The columns of one of the small files that come with a recipe."""
    with (load_source(recipe).raw / file).open(encoding="utf-8", newline="") as lines:
        return next(csv.reader(lines))


def write_like(recipe: str, file: str, path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows with exactly the columns of a recipe's small file; a row may leave columns out and add none."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, header_of(recipe, file), restval="")
        writer.writeheader()
        writer.writerows(rows)


def money(cents: int) -> str:
    """``1234`` cents as ``12.34``."""
    return f"{cents // 100}.{cents % 100:02}"
