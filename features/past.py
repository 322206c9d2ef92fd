"""What families look at: the tables after the one cut, and the frames that several families count from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import narwhals as nw

from features.engines import Tables, shared
from features.errors import BadTable
from features.exact import rows_n, ticks
from features.windows import Frame, history

# The only date of a canonical row that may lie ahead: a contract says beforehand when it renews.
SCHEDULED = ("renews_at_days",)
NEVER_DAYS = 1e9
# What a profile says of the company rather than of the person.
FIRM_COLUMNS = ("customer_id", "company_id", "company_size", "sector", "turnover_band", "known_at", "known_at_days")


@dataclass(frozen=True)
class Past:
    """Everything known before ``as_of``, as ``tables`` after the cut. No family sees more than this.

    The frames below are made when a family first asks for them, once; ``share`` sees to it that they are computed once.
    """

    tables: Tables
    share: Callable[[Frame], Frame] = shared

    @cached_property
    def who(self) -> Frame:
        """customer_id of everybody who gets a row: customers with a sale; without orders, those with an event."""
        doers = self.days if "orders" in self.tables else self.tables["events"]
        return self.share(doers.select("customer_id").unique())

    @property
    def by_company(self) -> bool:
        """Whether customer_id names companies; ``contact_id`` in the tables is then who it was."""
        return "contact_id" in self.tables.get("customers", self.who).collect_schema().names()

    @cached_property
    def people(self) -> Frame:
        """One row a person: the version of the profile that was known last."""
        return self.share(latest_version(self.tables["customers"]))

    @cached_property
    def customers(self) -> Frame:
        """One row a customer: the version of the profile that was known last.

        Of a company it is that of the contact whose profile changed last, with all that is not about the firm null.
        """
        return self.share(_firm(self.people)) if self.by_company else self.people

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
        return self.share(by_order(self.sales))

    @cached_property
    def days(self) -> Frame:
        """One row a customer and purchase day: customer_id, day, and the day ``before`` it, null for the first."""
        return self.share(with_day_before(self.sales.select("customer_id", "day").unique()))

    @cached_property
    def products(self) -> Frame:
        """One row a customer and product bought: ``lines_n``, ``orders_n``, ``first_at_days`` and ``last_at_days``."""
        return self.share(by_product(self.sales.filter(~nw.col("product_id").is_null())))

    @cached_property
    def categories(self) -> Frame:
        """One row a customer and category bought: ``lines_n``, ``first_at_days`` and ``last_at_days``.

        Empty without a products table.
        """
        return self.share(
            with_categories(self.products, self.tables)
            .group_by("customer_id", "category")
            .agg(nw.col("first_at_days").min(), nw.col("last_at_days").max(), nw.col("lines_n").sum())
        )

    def line_sums(self, complete: Callable[[Frame, Tables], Frame], values: Mapping[str, nw.Expr]) -> Frame:
        """One row a customer: sums of whole numbers over sale lines to which ``complete`` has added columns.

        ``complete`` is a function of a module and sees neither ``as_of`` nor other lines: then several dates share the
        sums. Tables that have no time may be joined.
        """
        lines = complete(self.sales, self.tables)
        return lines.group_by("customer_id").agg(value.sum().alias(name) for name, value in values.items())


def with_categories(bought: Frame, tables: Tables) -> Frame:
    """Rows about products whose ``category`` is known, with it; none without a products table."""
    if "products" in tables:
        found = bought.join(tables["products"].select("product_id", "category"), on="product_id")
    else:
        found = bought.with_columns(category=nw.lit(None).cast(nw.String))
    return found.filter(~nw.col("category").is_null())


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


def with_day_before(days: Frame) -> Frame:
    """Purchase days with the same customer's day ``before``."""
    return days.with_columns(before=nw.col("day").shift(1).over("customer_id", order_by="day"))


def by_order(lines: Frame, *further: nw.Expr) -> Frame:
    """Lines summed by customer and order, with ``further`` aggregates."""
    return lines.group_by("customer_id", "order_id").agg(
        *further,
        nw.col("at_days").min(),
        nw.col("at_days").max().alias("last_at_days"),
        rows_n().alias("lines_n"),
        nw.col("units_milli", "amount_ticks", "discount_ticks").sum(),
    )


def by_product(lines: Frame) -> Frame:
    """Lines that name a product, summed by customer and product."""
    return lines.group_by("customer_id", "product_id").agg(
        nw.col("at_days").min().alias("first_at_days"),
        nw.col("at_days").max().alias("last_at_days"),
        rows_n().alias("lines_n"),
        nw.col("order_id").n_unique().cast(nw.Float64).alias("orders_n"),
    )


def look_back(tables: Tables, as_of: float) -> Past:
    """Cut every table at ``as_of``, once.

    Raises:
        BadTable: there are neither orders nor events.
    """
    if not {"orders", "events"} & set(tables):
        found = ", ".join(sorted(tables)) or "no table"
        raise BadTable(f"found {found}, a snapshot needs 'orders' or 'events': ingest a source with an orders.sql")
    return Past({name: _hide_ahead(history(table, as_of), as_of) for name, table in tables.items()})


def latest_version(customers: Frame) -> Frame:
    """One row a person: the one with the latest ``known_at_days``; null, known from the start, is the earliest."""
    person = "contact_id" if "contact_id" in customers.collect_schema().names() else "customer_id"
    return newest_known(customers, person)


def newest_known(versions: Frame, whose: str) -> Frame:
    """The row with the latest ``known_at_days`` of each ``whose``."""
    known = nw.col("known_at_days").fill_null(-NEVER_DAYS)
    newest = versions.with_columns(newest=known.max().over(whose))
    return newest.filter(known == nw.col("newest")).drop("newest")


def _firm(people: Frame) -> Frame:
    """One row a company: the newest profile among its contacts, of equally new ones the alphabetically first's."""
    newest = newest_known(people, "customer_id").with_columns(first=nw.col("contact_id").min().over("customer_id"))
    types = people.drop("contact_id").collect_schema()
    about = [nw.col(n) if n in FIRM_COLUMNS else nw.lit(None).cast(type_).alias(n) for n, type_ in types.items()]
    return newest.filter(nw.col("contact_id") == nw.col("first")).select(*about)


def _hide_ahead(table: Frame, as_of: float) -> Frame:
    """Dates that lie ahead (the end of a contract) are null: at ``as_of`` they are not known yet."""
    names = table.collect_schema().names()
    times = [n for n in names if n.endswith("_at_days") and n not in SCHEDULED]
    return table.with_columns(nw.when(nw.col(name) < as_of).then(nw.col(name)) for name in times)
