"""Rows of a customer's history as a request sends them: canonical tables in JSON, with exact types and bounds."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from features.columns import DECLARED
from features.tables import EventKind, FeedbackKind, OrderKind, PointsKind, Topic, TouchKind

# Amounts are summed exactly as whole ten-thousandths: 5,000 lines of 1e8 stay below 2**53 of them.
MAX_AMOUNT = 1e8
MAX_SECONDS = 1e6
MAX_TEXT = 10_000
YEARS = (1900, 2200)


def utc(value: object) -> datetime:
    """An ISO 8601 text as a datetime in UTC without tzinfo; a text without an offset is taken as UTC.

    >>> utc("2011-12-09T12:50:00+01:00")
    datetime.datetime(2011, 12, 9, 11, 50)
    """
    if not isinstance(value, str):
        raise ValueError("must be a time as ISO 8601 text")
    try:
        time = datetime.fromisoformat(value)
        time = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        raise ValueError("must be a time as ISO 8601 text") from None
    if not YEARS[0] <= time.year <= YEARS[1]:
        raise ValueError(f"must be a time between the years {YEARS[0]} and {YEARS[1]}")
    return time


def clean(value: str) -> str:
    """The text itself, refused if it has a NUL character: stored ids are padded with NUL."""
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Time = Annotated[datetime, BeforeValidator(utc)]
Quantity = Annotated[float, Field(gt=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Results = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Points = Annotated[float, Field(gt=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]


Attribute = Annotated[str, Field(pattern=rf"^({'|'.join(DECLARED)})[a-z][a-z0-9_]*$")]


class RequestPart(BaseModel):
    """Base of every part of a request: no type conversion, no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DatedRow(RequestPart):
    """An event at a moment; ``known_at`` if it was recorded later than it happened."""

    at: Time
    known_at: Time | None = None


class OrderRow(DatedRow):
    """A row of ``orders``: one line of an order. ``category`` is for products that the bundle's catalogue lacks."""

    order_id: Id
    quantity: Quantity
    unit_price: Money
    product_id: Id | None = None
    category: Id | None = None
    discount: Money | None = None
    channel: Id | None = None
    kind: OrderKind = "sale"
    original_order_id: Id | None = None

    @model_validator(mode="after")
    def bounded(self) -> "OrderRow":
        """Amounts stay small enough to be summed exactly, and a category comes with its product."""
        if self.quantity * self.unit_price > MAX_AMOUNT:
            raise ValueError(f"quantity times unit_price must be at most {MAX_AMOUNT:,.0f}")
        if self.category is not None and self.product_id is None:
            raise ValueError("category is that of a product, so it must come with a product_id")
        return self


class EventRow(DatedRow):
    """A row of ``events``: one interaction with the site or the app."""

    kind: EventKind
    session_id: Id | None = None
    product_id: Id | None = None
    feature: Id | None = None
    duration_s: Seconds | None = None
    channel: Id | None = None
    query: Id | None = None
    page: Id | None = None
    results_n: Results | None = None


class TouchRow(DatedRow):
    """A row of ``touches``: one contact of a campaign with the customer."""

    campaign_id: Id | None = None
    channel: Id
    kind: TouchKind
    topic: Id | None = None
    variant: Id | None = None
    decision_id: Id | None = None
    cost: Money | None = None


class FeedbackRow(DatedRow):
    """A row of ``feedback``: a survey answer, review or ticket. ``sentiment`` is computed from ``text`` if absent."""

    kind: FeedbackKind
    score: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None
    topic: Topic | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(clean)] | None = None
    sentiment: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None


class SubscriptionRow(RequestPart):
    """A row of ``subscriptions``: one contract."""

    plan: Id
    price: Money | None = None
    started_at: Time
    renews_at: Time | None = None
    ended_at: Time | None = None
    known_at: Time | None = None


class LoyaltyRow(DatedRow):
    """A row of ``loyalty``: points earned or spent, or a tier reached."""

    kind: PointsKind
    points: Points | None = None
    tier: Id | None = None


class CustomerRow(RequestPart):
    """A row of ``customers``: the customer's profile. Leave out what is not known.

    ``attributes`` are what the source declares: ``{"level_hobby": "chess", "ordered_size": 2}``.
    """

    signed_up_at: Time | None = None
    birth_year: Annotated[int, Field(ge=1850, le=2200)] | None = None
    gender: Id | None = None
    income_band: Id | None = None
    family_status: Id | None = None
    education: Id | None = None
    country: Id | None = None
    region: Id | None = None
    city: Id | None = None
    urbanity: Id | None = None
    language: Id | None = None
    interests: Annotated[str, Field(max_length=1_000), AfterValidator(clean)] | None = None
    acquisition_channel: Id | None = None
    company_id: Id | None = None
    company_size: Id | None = None
    sector: Id | None = None
    turnover_band: Id | None = None
    contact_function: Id | None = None
    status: Id | None = None
    consent: bool | None = None
    referred_by: Id | None = None
    motivation: Id | None = None
    lifestyle: Id | None = None
    values: Id | None = None
    district: Id | None = None
    attributes: dict[Attribute, Id | int | None] = {}
    known_at: Time | None = None
