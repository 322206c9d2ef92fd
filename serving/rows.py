"""The rows a customer's own history may hold: the canonical tables as JSON, with exact types and bounded values."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from features.tables import EventKind, FeedbackKind, OrderKind, Topic, TouchKind

# Aggregates are exact sums of whole ten-thousandths: 5,000 lines of 1e8 stay below 2**53 of them.
MAX_AMOUNT = 1e8
MAX_SECONDS = 1e6
MAX_TEXT = 10_000
YEARS = (1900, 2200)


def utc(value: object) -> datetime:
    """An ISO 8601 text as a naive UTC datetime; a text without an offset is UTC already.

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
    """A text without NUL characters, which no stored id can hold."""
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    return value


Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Time = Annotated[datetime, BeforeValidator(utc)]
Quantity = Annotated[float, Field(gt=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]


class Payload(BaseModel):
    """A part of a request: exact types, no unknown key, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Happened(Payload):
    """A row of something that happened; ``known_at`` if it could first be read later."""

    at: Time
    known_at: Time | None = None


class OrderLine(Happened):
    """One line of an order, as in the canonical ``orders``; ``category`` if the product is not in the catalogue."""

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
    def bounded(self) -> "OrderLine":
        """Quantity times price stays within what is summed exactly."""
        if self.quantity * self.unit_price > MAX_AMOUNT:
            raise ValueError(f"quantity times unit_price must be at most {MAX_AMOUNT:,.0f}")
        if self.category is not None and self.product_id is None:
            raise ValueError("category is that of a product, so it must come with a product_id")
        return self


class Event(Happened):
    """One use of the site or the app, as in the canonical ``events``."""

    kind: EventKind
    session_id: Id | None = None
    product_id: Id | None = None
    feature: Id | None = None
    duration_s: Seconds | None = None
    channel: Id | None = None


class Touch(Happened):
    """One contact of a campaign, as in the canonical ``touches``."""

    campaign_id: Id | None = None
    channel: Id
    kind: TouchKind


class Said(Happened):
    """One answer, review or ticket, as in the canonical ``feedback``; ``sentiment`` is read from ``text`` if absent."""

    kind: FeedbackKind
    score: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None
    topic: Topic | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(clean)] | None = None
    sentiment: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None


class Contract(Payload):
    """One contract, as in the canonical ``subscriptions``."""

    plan: Id
    price: Money | None = None
    started_at: Time
    renews_at: Time | None = None
    ended_at: Time | None = None
    known_at: Time | None = None


class Profile(Payload):
    """Who the customer is, as in the canonical ``customers``; leave out what is not known."""

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
    known_at: Time | None = None
