"""What families look at: the tables after the one cut, and the frames that several families count from."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import narwhals as nw

from features.engines import Tables, given, shared, without_rows
from features.errors import BadTable
from features.exact import rows_n, ticks
from features.tables import OPEN_TABLES
from features.windows import Frame, history

# The only date of a canonical row that may lie ahead: a contract states beforehand when it renews.
SCHEDULED = ("renews_at_days",)
NEVER_DAYS = 1e9
Who = Literal["buyers", "known"]
"""Who gets a row: customers with a sale, or everybody whom any table shows."""
ACTIVITY = ("orders", "events", "subscriptions")
"""Tables of which at least one is needed; without orders, the first there is says who the buyers are."""
# The columns of a profile that describe the company rather than the person.
COMPANY_COLUMNS = ("customer_id", "company_id", "company_size", "sector", "turnover_band", "known_at", "known_at_days")


@dataclass(frozen=True)
class Past:
    """Everything known before ``as_of``, as ``tables`` after the cut. No family sees more than this.

    ``tables`` are all those of the contract but the vault: one that is not ``present`` has no rows. ``present`` also
    names, as ``table.column``, the optional columns there are. The frames below are made when a family first asks for
    them; ``share`` makes sure that each is computed once. ``population`` is who gets a row.
    """

    tables: Tables
    present: frozenset[str]
    share: Callable[[Frame], Frame] = shared
    population: Who = "buyers"

    @cached_property
    def who(self) -> Frame:
        """customer_id of everybody who gets a row.

        Buyers are customers with a sale; without orders, those with an event; without events, those with a contract.
        Known is whom any row shows: see ``known_since``.
        """
        if self.population == "known":
            rows = nw.concat([rows.select("customer_id") for rows in self._evidence()])
            return self.share(rows.unique())
        acting = next(name for name in ACTIVITY if name in self.present)
        active = self.days if acting == "orders" else self.tables[acting]
        return self.share(active.select("customer_id").unique())

    def _evidence(self) -> Iterator[Frame]:
        """Rows of the present tables that show there is a customer."""
        for name in sorted(of_customers({name: self.tables[name] for name in self.present if name in self.tables})):
            table = self.tables[name]
            dated = "at_days" in table.collect_schema().names()
            yield table if dated else table.filter(~known_since(table).is_null())

    @property
    def by_company(self) -> bool:
        """Whether customer_id names companies; ``contact_id`` in the tables is then the person."""
        return "contact_id" in self.tables["customers"].collect_schema().names()

    @cached_property
    def people(self) -> Frame:
        """One row a person: the newest known version of the profile."""
        return self.share(latest_version(self.tables["customers"]))

    @cached_property
    def customers(self) -> Frame:
        """One row a customer: the newest known version of the profile.

        For a company it is that of the contact whose profile changed last; columns about the person are null.
        """
        return self.share(_company(self.people)) if self.by_company else self.people

    @cached_property
    def _lines(self) -> Frame:
        return order_lines(self.tables["orders"])

    @cached_property
    def sales(self) -> Frame:
        """Sale lines with ``day`` (floor of at_days), ``amount_ticks``, ``discount_ticks`` and ``units_milli``."""
        return self._lines.filter(nw.col("kind") == "sale")

    @cached_property
    def returns(self) -> Frame:
        """Return lines with the same columns."""
        return self._lines.filter(nw.col("kind") == "return")

    @cached_property
    def orders(self) -> Frame:
        """One row a sale order.

        customer_id, order_id, ``at_days`` of its first and ``last_at_days`` of its last line, ``lines_n``,
        ``units_milli``, ``amount_ticks``, ``discount_ticks``.
        """
        orders = self.sales.group_by("customer_id", "order_id").agg(
            nw.col("at_days").min(),
            nw.col("at_days").max().alias("last_at_days"),
            rows_n().alias("lines_n"),
            nw.col("units_milli", "amount_ticks", "discount_ticks").sum(),
        )
        return self.share(orders)

    @cached_property
    def days(self) -> Frame:
        """One row a customer and purchase day: customer_id, day, and the day ``before`` it, null for the first."""
        days = self.sales.select("customer_id", "day").unique()
        return self.share(days.with_columns(before=nw.col("day").shift(1).over("customer_id", order_by="day")))

    @cached_property
    def visits(self) -> Frame:
        """One row a customer, session_id (null for events without one) and day: ``first_at_days``, ``last_at_days``."""
        at = nw.col("at_days")
        visits = self.tables["events"].with_columns(day=at.floor()).group_by("customer_id", "session_id", "day")
        return self.share(visits.agg(at.min().alias("first_at_days"), at.max().alias("last_at_days")))

    @cached_property
    def products(self) -> Frame:
        """One row a customer and product bought: ``lines_n``, ``orders_n``, ``first_at_days`` and ``last_at_days``."""
        named = self.sales.filter(~nw.col("product_id").is_null())
        products = named.group_by("customer_id", "product_id").agg(
            nw.col("at_days").min().alias("first_at_days"),
            nw.col("at_days").max().alias("last_at_days"),
            rows_n().alias("lines_n"),
            nw.col("order_id").n_unique().cast(nw.Float64).alias("orders_n"),
        )
        return self.share(products)

    @cached_property
    def categories(self) -> Frame:
        """One row a customer and category bought: ``lines_n``, ``first_at_days`` and ``last_at_days``."""
        known = self.tables["products"].select("product_id", "category").filter(~nw.col("category").is_null())
        bought = self.products.join(known, on="product_id")
        categories = bought.group_by("customer_id", "category").agg(
            nw.col("first_at_days").min(), nw.col("last_at_days").max(), nw.col("lines_n").sum()
        )
        return self.share(categories)


def look_back(
    tables: Tables, as_of: float, share: Callable[[Frame], Frame] = shared, population: Who = "buyers"
) -> Past:
    """Cut every table at ``as_of``, once.

    Raises:
        BadTable: there are neither orders nor events nor subscriptions.
    """
    acting = acting_table(tables)
    known = {name: _hide_ahead(history(table, as_of), as_of) for name, table in tables.items()}
    absent = {name: without_rows(name, tables[acting]) for name in OPEN_TABLES if name not in tables}
    return Past(known | absent, given(tables), share, population)


def acting_table(tables: Collection[str]) -> str:
    """The first of ``ACTIVITY`` that there is; BadTable without any."""
    for name in ACTIVITY:
        if name in tables:
            return name
    found = ", ".join(sorted(tables)) or "no table"
    raise BadTable(
        f"found {found}, a snapshot needs orders, events or subscriptions: ingest a source with one of these"
    )


def acts(tables: Tables) -> Frame:
    """The rows that make a customer a buyer: sales; without orders, events; without events, contracts."""
    acting = acting_table(tables)
    return tables[acting].filter(nw.col("kind") == "sale") if acting == "orders" else tables[acting]


def buyers(tables: Tables, as_of: float) -> Frame:
    """[customer_id] of everybody with a row that makes a buyer before ``as_of``: those in a snapshot of buyers."""
    return history(acts(tables), as_of).select("customer_id").unique()


def known_since(table: Frame) -> nw.Expr:
    """Since when each row shows that there is a customer, in days; null if it does not say.

    A profile without a date may have been written long after the cutoff, when who stays or buys was known already.
    """
    if "at_days" in table.collect_schema().names():
        return nw.max_horizontal("at_days", "known_at_days")
    return nw.coalesce(nw.col("known_at_days"), nw.col("signed_up_at_days"))


def of_customers(tables: Tables) -> Tables:
    """Tables whose rows are about a customer, without the links between ids."""
    names = [name for name, table in tables.items() if "customer_id" in table.collect_schema().names()]
    return {name: tables[name] for name in names if name != "identities"}


def order_lines(orders: Frame) -> Frame:
    """Order lines with ``day``, ``amount_ticks``, ``discount_ticks`` and ``units_milli``, unless they have them."""
    if "amount_ticks" in orders.collect_schema().names():
        return orders
    discount = nw.col("discount").fill_null(0.0)
    return orders.with_columns(
        day=nw.col("at_days").floor(),
        amount_ticks=ticks(nw.col("quantity") * nw.col("unit_price") - discount),
        discount_ticks=ticks(discount),
        units_milli=(nw.col("quantity") * 1000 + 0.5).floor(),
    )


def latest_version(customers: Frame) -> Frame:
    """One row a person: the one with the latest ``known_at_days``; null, known from the start, is the earliest."""
    person = "contact_id" if "contact_id" in customers.collect_schema().names() else "customer_id"
    return newest_known(customers, person)


def newest_known(versions: Frame, key: str) -> Frame:
    """The row with the latest ``known_at_days`` of each ``key``."""
    known = nw.col("known_at_days").fill_null(-NEVER_DAYS)
    newest = versions.with_columns(newest=known.max().over(key))
    return newest.filter(known == nw.col("newest")).drop("newest")


def _company(people: Frame) -> Frame:
    """One row a company: the newest profile of its contacts; of equally new ones, that of the smallest contact_id."""
    newest = newest_known(people, "customer_id").with_columns(first=nw.col("contact_id").min().over("customer_id"))
    types = people.drop("contact_id").collect_schema()
    columns = [
        nw.col(name) if name in COMPANY_COLUMNS else nw.lit(None).cast(type_).alias(name)
        for name, type_ in types.items()
    ]
    return newest.filter(nw.col("contact_id") == nw.col("first")).select(*columns)


def _hide_ahead(table: Frame, as_of: float) -> Frame:
    """Dates that lie ahead (the end of a contract) are null: at ``as_of`` they are not known yet."""
    names = table.collect_schema().names()
    times = [n for n in names if n.endswith("_at_days") and n not in SCHEDULED]
    return table.with_columns(nw.when(nw.col(name) < as_of).then(nw.col(name)) for name in times)
