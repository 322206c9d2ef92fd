"""The data contract: the canonical tables, their columns, units and keys. All times are UTC; one row is one event.

A column is ``personal`` if its values name a person, a thing only they did, or say in their own words who they are.
Such a value, as it is, never reaches a model, an MLflow or Optuna record, a log, a metric, a plot or a report; what is
computed from it may (age, sentiment, orders_n). Personal are ids (customer_id, alias_id, company_id: a firm of one is a
person), order_id, session_id and decision_id, which lead back to one person in the shop's own systems, text, query,
city, district, birth_year, and every ``attr_*`` column, of which nothing is known unless its source declares it. Labels
that many share (gender, region, interests, ...) are not: segments are described by them, and a level that few have gets
no column. Customer ids alone may stand in datasets, bundles, scores and HTTP answers, which are about customers. How to
reach a person is in the vault ``contacts``, which nothing of this opens.

A table has its columns marked ``optional`` only if its source returns them.
"""

from typing import Literal, get_args

from features.columns import TableSpec, level, may, must, one_of, optional

OrderKind = Literal["sale", "return"]
EventKind = Literal[
    "page_view", "search", "product_view", "add_to_cart", "checkout", "remove_from_cart", "login", "help", "feature_use"
]
TouchKind = Literal["sent", "open", "click", "unsubscribe", "bounce", "like", "share", "comment", "attend"]
TouchChannel = Literal["email", "sms", "push", "social", "event", "ads"]
FeedbackKind = Literal["nps", "csat", "review", "ticket"]
PointsKind = Literal["earn", "spend", "tier"]
Season = Literal["spring", "summer", "autumn", "winter"]
Topic = Literal["delivery", "quality", "service", "price", "product"]

SCORE_SCALES: dict[FeedbackKind, tuple[float, float]] = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "review": (1.0, 5.0)}
"""Lowest and highest score of each kind of feedback; tickets have none."""
SENTIMENT_SCALE = (-1.0, 1.0)
CUSTOMER_IDS = ("customer_id", "alias_id")
"""Columns that name the customer a row is about, in any table."""
MENTIONS = ("referred_by",)
"""Columns that name another customer: the row stays when that one is erased, and names SOMEBODY."""
SOMEBODY = "(erased)"
"""Stands for a customer who was erased in rows about others, of whom it stays true that there was one."""
KNOWLEDGE_TIMES = ("known_at", "replaced_at")
"""Columns that say since when, or until when, a row could be read: nothing about what happened."""

_CUSTOMER = must("customer_id", "str", "Who did it.", personal=True)
_AT = must("at", "time", "When it happened.")
_KNOWN_AT = may("known_at", "time", "When the row could first be read; null if it was known as it happened.")
_REPLACED_AT = may("replaced_at", "time", "When a correction of the row could first be read; null if the row stands.")

CUSTOMERS = TableSpec(
    name="customers",
    doc="Who customers are, one row a version of their profile: the newest known version is valid, as a whole.",
    key=("customer_id", "known_at"),
    unique=True,
    time=None,
    extra_prefix="attr_",
    columns=(
        _CUSTOMER,
        may("signed_up_at", "time", "When the customer registered."),
        may("birth_year", "int", "Year of birth.", personal=True, protected=True),
        may("gender", "str", "As the source states it.", protected=True),
        may("income_band", "str", "Household income, as an ordered label."),
        may("family_status", "str", "Household type or marital status.", protected=True),
        may("education", "str", "Highest education."),
        may("country", "str", "Country of residence."),
        may("region", "str", "Region or state."),
        may("city", "str", "City or town.", personal=True),
        may("urbanity", "str", "City, suburb or country."),
        may("language", "str", "Language of correspondence."),
        may("interests", "str", "Declared interests, separated by semicolons."),
        may("acquisition_channel", "str", "What brought the customer here."),
        may("company_id", "str", "The company, for business customers.", personal=True),
        may("company_size", "str", "Employees, as an ordered label."),
        may("sector", "str", "Line of business."),
        may("turnover_band", "str", "Yearly turnover, as an ordered label."),
        may("contact_function", "str", "What the contact does in the company."),
        may("status", "str", "State of the account."),
        may("consent", "bool", "Whether marketing may reach the customer."),
        optional("referred_by", "str", "The customer who recommended the shop to this one.", personal=True),
        optional("motivation", "str", "Why the customer buys, as a label that many share."),
        optional("lifestyle", "str", "How the customer lives, as a label that many share."),
        optional("values", "str", "What matters to the customer, as declared, separated by semicolons."),
        optional("district", "str", "District of the city or region.", personal=True),
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
        must(
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
        must("order_id", "str", "The order; its lines share it.", personal=True),
        _CUSTOMER,
        _AT,
        may("product_id", "str", "What was bought."),
        must("quantity", "float", "Units, above 0 for sales and returns alike."),
        must("unit_price", "float", "Price of one unit before the discount, at least 0, currency."),
        may("discount", "float", "Money off the whole line, at least 0, currency; null if none."),
        may("channel", "str", "Where it was ordered."),
        level("kind", get_args(OrderKind)),
        may("original_order_id", "str", "For a return: the sale it takes back, if it was matched.", personal=True),
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
        must("product_id", "str", "The product."),
        may("name", "str", "Name for people."),
        may("category", "str", "The shop's own grouping."),
        may("brand", "str", "Brand."),
        may("price", "float", "List price, currency."),
        optional("unit_cost", "float", "Cost of one unit, currency.", always=True),
        optional("tags", "str", "Themes of the product, separated by semicolons."),
        optional("season", "str", f"When it is bought: {one_of(get_args(Season))}", levels=get_args(Season)),
    ),
)

EVENTS = TableSpec(
    name="events",
    doc="One row a use of the site, the shop's app or the service.",
    key=("customer_id", "at", "kind", "session_id", "product_id", "feature"),
    columns=(
        _CUSTOMER,
        _AT,
        level("kind", get_args(EventKind)),
        may("session_id", "str", "The visit it belongs to.", personal=True),
        may("product_id", "str", "The product looked at."),
        may("feature", "str", "The feature used."),
        may("duration_s", "float", "Seconds spent."),
        may("channel", "str", "Web, app, ..."),
        optional("query", "str", "The words searched for.", personal=True),
        optional("page", "str", "The page or article viewed, the same for all who view it."),
        optional("results_n", "int", "How many results the search found."),
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
        may("campaign_id", "str", "The campaign."),
        level("channel", get_args(TouchChannel)),
        level("kind", get_args(TouchKind)),
        optional("topic", "str", "What the message was about."),
        optional("variant", "str", "The arm of a test that the customer was in, or the version of the message."),
        optional("decision_id", "str", "The decision that led to the contact.", personal=True),
        optional("cost", "float", "What this contact cost, at least 0, currency."),
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
        level("kind", get_args(FeedbackKind)),
        may("score", "float", "nps 0 to 10, csat and review 1 to 5; null for tickets."),
        may("topic", "str", one_of(get_args(Topic)), levels=get_args(Topic)),
        may("text", "str", "The customer's words.", personal=True),
        may("sentiment", "float", "Polarity of the text, -1 to 1; ingest computes it unless the source gives it."),
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
        must("plan", "str", "What was subscribed to."),
        may("price", "float", "Price of one period, currency."),
        must("started_at", "time", "First day of the contract."),
        may("renews_at", "time", "When it renews next."),
        may("ended_at", "time", "When it ended; null while it runs."),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

REACHED_BY = ("email", "phone", "address_street")
"""Columns of ``contacts`` of which a row has at least one, or it reaches nobody."""

CONTACTS = TableSpec(
    name="contacts",
    doc="How to reach customers, one row a version; of several the newest known. Opened to send, and for nothing else.",
    key=("customer_id", "known_at"),
    unique=True,
    time=None,
    vault=True,
    columns=(
        _CUSTOMER,
        may("email", "str", "E-mail address.", personal=True),
        may("phone", "str", "Telephone number with country code.", personal=True),
        may("first_name", "str", "First name.", personal=True),
        may("last_name", "str", "Last name.", personal=True),
        may("address_street", "str", "Street and number.", personal=True),
        may("address_postcode", "str", "Postal code.", personal=True),
        may("address_city", "str", "City or town.", personal=True),
        may("address_region", "str", "Region or state.", personal=True),
        may("address_country", "str", "Country.", personal=True),
        may("consent_email", "bool", "Whether marketing may write by e-mail.", personal=True),
        may("consent_sms", "bool", "Whether marketing may write by SMS.", personal=True),
        may("consent_push", "bool", "Whether marketing may write to the app.", personal=True),
        may("consent_phone", "bool", "Whether marketing may call.", personal=True),
        may("consent_post", "bool", "Whether marketing may write by post.", personal=True),
        may("consent_ads", "bool", "Whether advertising networks may be given the contact.", personal=True),
        _KNOWN_AT,
    ),
)

CAMPAIGNS = TableSpec(
    name="campaigns",
    doc="One row a campaign.",
    key=("campaign_id",),
    unique=True,
    time=None,
    columns=(
        must("campaign_id", "str", "The campaign, as touches name it."),
        may("name", "str", "Name for people."),
        may("channel", "str", one_of(get_args(TouchChannel)), levels=get_args(TouchChannel)),
        may("strategy", "str", "What it is for: welcome, win-back, ..."),
        may("topics", "str", "What it is about, separated by semicolons."),
        may("offer", "str", "What it offers; null if nothing."),
        may("cost", "float", "Cost of the whole campaign, at least 0, currency."),
        may("starts_at", "time", "When it starts."),
        may("ends_at", "time", "When it ends; null if it goes on."),
    ),
)

LOYALTY = TableSpec(
    name="loyalty",
    doc="One row a movement in the loyalty programme: points earned or spent, or a tier reached.",
    key=("customer_id", "at", "kind"),
    columns=(
        _CUSTOMER,
        _AT,
        level("kind", get_args(PointsKind)),
        may("points", "float", "Points earned or spent, above 0 for both; null for a tier."),
        may("tier", "str", "The tier from then on; null if it is not about one."),
        _KNOWN_AT,
        _REPLACED_AT,
    ),
)

MARKET = TableSpec(
    name="market",
    doc="What is known of the whole market or of one competitor, one row a period and cell of a market map (cell_*).",
    key=("period", "competitor"),
    time=None,
    extra_prefix="cell_",
    columns=(
        must("period", "str", "The time the figures are for: 2025, 2025-Q3 or 2025-03."),
        may("competitor", "str", "Whose figures they are; null for the whole market."),
        may("customers_n", "float", "Customers, at least 0."),
        may("spend", "float", "What they spend in the period, at least 0, currency."),
        may("margin", "float", "What is earned on that, currency."),
        may("source", "str", "Where the figures are from."),
    ),
)

_ALL = (
    CUSTOMERS, IDENTITIES, ORDERS, PRODUCTS, EVENTS, TOUCHES, FEEDBACK, SUBSCRIPTIONS, CONTACTS, CAMPAIGNS, LOYALTY,
    MARKET,
)  # fmt: skip
TABLES: dict[str, TableSpec] = {table.name: table for table in _ALL}

OPEN_TABLES = tuple(name for name, table in TABLES.items() if not table.vault)
"""Tables that features may read: all but the vault."""

PERSONAL = frozenset(column.name for table in TABLES.values() for column in table.columns if column.personal)
"""Names of personal columns in any table."""

PROTECTED = frozenset(column.name for table in TABLES.values() for column in table.columns if column.protected)
"""Names of protected columns in any table."""
