"""The data contract: the canonical tables, their columns, units and keys. All times are UTC; one row is one event.

A column is ``personal`` if its values name a person, a thing only they did, or say in their own words who they are.
Such a value, as it is, never reaches a model, an MLflow or Optuna record, a log, a metric, a plot or a report; what is
computed from it may (age, sentiment, orders_n). Personal are ids (customer_id, alias_id, company_id: a firm of one is a
person), order_id and session_id, which lead back to one person in the shop's own systems, text, city, birth_year, and
every ``attr_*`` column, of which nothing is known. Labels that many share (gender, region, interests, ...) are not:
segments are described by them, and a level that few have gets no column. Customer ids alone may stand in datasets,
bundles, scores and HTTP answers, which are about customers.
"""

from dataclasses import dataclass
from typing import Literal, get_args

ColumnType = Literal["str", "float", "int", "time", "date", "bool"]

OrderKind = Literal["sale", "return"]
EventKind = Literal[
    "page_view", "search", "product_view", "add_to_cart", "checkout", "remove_from_cart", "login", "help", "feature_use"
]
TouchKind = Literal["sent", "open", "click", "unsubscribe", "bounce", "like", "share", "comment", "attend"]
TouchChannel = Literal["email", "sms", "push", "social", "event", "ads"]
FeedbackKind = Literal["nps", "csat", "review", "ticket"]
Topic = Literal["delivery", "quality", "service", "price", "product"]

SCORE_SCALES: dict[FeedbackKind, tuple[float, float]] = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "review": (1.0, 5.0)}
"""Lowest and highest score of each kind of feedback; tickets have none."""
SENTIMENT_SCALE = (-1.0, 1.0)
CUSTOMER_IDS = ("customer_id", "alias_id")
"""Columns that name a customer in any table."""
KNOWLEDGE_TIMES = ("known_at", "replaced_at")
"""Columns that say since when, or until when, a row could be read: nothing about what happened."""


@dataclass(frozen=True)
class Column:
    """One column of a canonical table; ``time`` is a TIMESTAMP in UTC, microseconds, without a time zone.

    ``levels`` are the values it may have; empty if any value may occur. ``personal``: see the top of this file.
    ``protected``: nobody should be judged by it, so a model reads what comes from it only if its study names it.
    """

    name: str
    type: ColumnType
    nullable: bool
    doc: str
    personal: bool = False
    protected: bool = False
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """One canonical table.

    ``key`` are the columns that tell rows apart (``unique``: no two rows share them; order lines may, since a shop can
    write one product twice in an order). ``time`` is the column that says when the row happened, null if it has none.
    ``extra_prefix`` marks further columns that are taken along unread.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    doc: str
    time: str | None = "at"
    unique: bool = False
    extra_prefix: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in contract order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that may not be null."""
        return tuple(column.name for column in self.columns if not column.nullable)

    def is_extra(self, name: str) -> bool:
        """Whether ``name`` is a further column that is taken along unread (``attr_*``)."""
        return self.extra_prefix is not None and name.startswith(self.extra_prefix)

    def levels(self, name: str) -> tuple[str, ...]:
        """Values that the column ``name`` may have; empty if any value may occur, or if there is no such column.

        >>> ORDERS.levels("kind"), ORDERS.levels("channel"), PRODUCTS.levels("kind")
        (('sale', 'return'), (), ())
        """
        return next((column.levels for column in self.columns if column.name == name), ())

    def is_personal(self, name: str) -> bool:
        """Whether values of this column may stand in the table only; further columns (``attr_*``) always are.

        >>> [CUSTOMERS.is_personal(name) for name in ("birth_year", "attr_shoe_size", "region")]
        [True, True, False]
        """
        return self.is_extra(name) or any(column.name == name and column.personal for column in self.columns)


def _must(name: str, type_: ColumnType, doc: str, personal: bool = False) -> Column:
    return Column(name, type_, nullable=False, doc=doc, personal=personal)


def _may(
    name: str,
    type_: ColumnType,
    doc: str,
    personal: bool = False,
    protected: bool = False,
    levels: tuple[str, ...] = (),
) -> Column:
    return Column(name, type_, True, doc, personal, protected, levels)


def _level(name: str, levels: tuple[str, ...]) -> Column:
    return Column(name, "str", nullable=False, doc=_one_of(levels), levels=levels)


def _one_of(levels: tuple[str, ...]) -> str:
    """The levels as a sentence of documentation: ``a, b or c.``"""
    return f"{', '.join(levels[:-1])} or {levels[-1]}."


_CUSTOMER = _must("customer_id", "str", "Who did it.", personal=True)
_AT = _must("at", "time", "When it happened.")
_KNOWN_AT = _may("known_at", "time", "When the row could first be read; null if it was known as it happened.")
_REPLACED_AT = _may("replaced_at", "time", "When a correction of the row could first be read; null if the row stands.")

CUSTOMERS = TableSpec(
    name="customers",
    doc="Who customers are, one row a version of their profile: the newest known version is valid, as a whole.",
    key=("customer_id", "known_at"),
    unique=True,
    time=None,
    extra_prefix="attr_",
    columns=(
        _CUSTOMER,
        _may("signed_up_at", "time", "When the customer registered."),
        _may("birth_year", "int", "Year of birth.", personal=True, protected=True),
        _may("gender", "str", "As the source states it.", protected=True),
        _may("income_band", "str", "Household income, as an ordered label."),
        _may("family_status", "str", "Household type or marital status.", protected=True),
        _may("education", "str", "Highest education."),
        _may("country", "str", "Country of residence."),
        _may("region", "str", "Region or state."),
        _may("city", "str", "City or town.", personal=True),
        _may("urbanity", "str", "City, suburb or country."),
        _may("language", "str", "Language of correspondence."),
        _may("interests", "str", "Declared interests, separated by semicolons."),
        _may("acquisition_channel", "str", "What brought the customer here."),
        _may("company_id", "str", "The company, for business customers.", personal=True),
        _may("company_size", "str", "Employees, as an ordered label."),
        _may("sector", "str", "Line of business."),
        _may("turnover_band", "str", "Yearly turnover, as an ordered label."),
        _may("contact_function", "str", "What the contact does in the company."),
        _may("status", "str", "State of the account."),
        _may("consent", "bool", "Whether marketing may reach the customer."),
        _KNOWN_AT,
    ),
)

IDENTITIES = TableSpec(
    name="identities",
    doc="Further ids of customers: whatever alias_id did was done by customer_id; of several rows the newest known.",
    key=("alias_id", "known_at"),
    unique=True,
    time=None,
    columns=(
        _must(
            "alias_id",
            "str",
            "The further id; no row that is valid at the same time names it as customer_id.",
            personal=True,
        ),
        _CUSTOMER,
        _KNOWN_AT,
    ),
)

ORDERS = TableSpec(
    name="orders",
    doc="One row an order line. The line's amount is quantity * unit_price - coalesce(discount, 0).",
    key=("order_id", "at", "product_id", "kind"),
    columns=(
        _must("order_id", "str", "The order; its lines share it.", personal=True),
        _CUSTOMER,
        _AT,
        _may("product_id", "str", "What was bought."),
        _must("quantity", "float", "Units, above 0 for sales and returns alike."),
        _must("unit_price", "float", "Price of one unit before the discount, at least 0, currency."),
        _may("discount", "float", "Money off the whole line, at least 0, currency; null if none."),
        _may("channel", "str", "Where it was ordered."),
        _level("kind", get_args(OrderKind)),
        _may("original_order_id", "str", "For a return: the sale it takes back, if it was matched.", personal=True),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

PRODUCTS = TableSpec(
    name="products",
    doc="One row a product.",
    key=("product_id",),
    unique=True,
    time=None,
    columns=(
        _must("product_id", "str", "The product."),
        _may("name", "str", "Name for people."),
        _may("category", "str", "The shop's own grouping."),
        _may("brand", "str", "Brand."),
        _may("price", "float", "List price, currency."),
        _may("unit_cost", "float", "Cost of one unit, currency."),
    ),
)

EVENTS = TableSpec(
    name="events",
    doc="One row a use of the site, the shop's app or the service.",
    key=("customer_id", "at", "kind", "session_id", "product_id", "feature"),
    columns=(
        _CUSTOMER,
        _AT,
        _level("kind", get_args(EventKind)),
        _may("session_id", "str", "The visit it belongs to.", personal=True),
        _may("product_id", "str", "The product looked at."),
        _may("feature", "str", "The feature used."),
        _may("duration_s", "float", "Seconds spent."),
        _may("channel", "str", "Web, app, ..."),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

TOUCHES = TableSpec(
    name="touches",
    doc="One row a contact between the shop's campaigns and a customer.",
    key=("customer_id", "at", "campaign_id", "channel", "kind"),
    columns=(
        _CUSTOMER,
        _AT,
        _may("campaign_id", "str", "The campaign."),
        _level("channel", get_args(TouchChannel)),
        _level("kind", get_args(TouchKind)),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

FEEDBACK = TableSpec(
    name="feedback",
    doc="One row a score, review or ticket of a customer.",
    key=("customer_id", "at", "kind", "topic"),
    columns=(
        _CUSTOMER,
        _AT,
        _level("kind", get_args(FeedbackKind)),
        _may("score", "float", "nps 0 to 10, csat and review 1 to 5; null for tickets."),
        _may("topic", "str", _one_of(get_args(Topic)), levels=get_args(Topic)),
        _may("text", "str", "The customer's words.", personal=True),
        _may("sentiment", "float", "Polarity of the text, -1 to 1; ingest computes it unless the source gives it."),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

SUBSCRIPTIONS = TableSpec(
    name="subscriptions",
    doc="One row a contract.",
    key=("customer_id", "started_at", "plan"),
    time="started_at",
    columns=(
        _CUSTOMER,
        _must("plan", "str", "What was subscribed to."),
        _may("price", "float", "Price of one period, currency."),
        _must("started_at", "time", "First day of the contract."),
        _may("renews_at", "time", "When it renews next."),
        _may("ended_at", "time", "When it ended; null while it runs."),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

TABLES: dict[str, TableSpec] = {
    table.name: table for table in (CUSTOMERS, IDENTITIES, ORDERS, PRODUCTS, EVENTS, TOUCHES, FEEDBACK, SUBSCRIPTIONS)
}

PERSONAL = frozenset(column.name for table in TABLES.values() for column in table.columns if column.personal)
"""Names of personal columns in any table."""

PROTECTED = frozenset(column.name for table in TABLES.values() for column in table.columns if column.protected)
"""Names of protected columns in any table."""
