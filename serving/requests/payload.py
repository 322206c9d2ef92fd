"""Requests to the service: their fields and limits, which are its OpenAPI schema too."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator

from serving.requests.rows import (
    CustomerRow,
    EventRow,
    FeedbackRow,
    Id,
    LoyaltyRow,
    OrderRow,
    RequestPart,
    SubscriptionRow,
    Time,
    TouchRow,
)

MAX_CUSTOMERS = 1_000
MAX_HISTORY_ROWS = 5_000
REQUEST_TABLES = ("orders", "events", "touches", "feedback", "subscriptions", "loyalty", "customers")
"""Canonical tables whose rows a request can contain."""


class PredictRequest(RequestPart):
    """Known customers by id: the models' answers from their features at the bundle's as_of."""

    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_CUSTOMERS)]


class CustomerHistory(RequestPart):
    """One customer's rows, each list in any order. An empty list means there were none, a missing one: not known."""

    customer_id: Id
    orders: Annotated[list[OrderRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    events: Annotated[list[EventRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    touches: Annotated[list[TouchRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    feedback: Annotated[list[FeedbackRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    subscriptions: Annotated[list[SubscriptionRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    loyalty: Annotated[list[LoyaltyRow], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    profile: CustomerRow | None = None

    def rows_of(self, table: str) -> Sequence[RequestPart] | None:
        """The customer's rows of a canonical table; None if the request does not have them."""
        if table == "customers":
            # An empty profile means nothing is known about the customer: the batch has no row for them either.
            if self.profile is None:
                return None
            return [self.profile] if self.profile.model_fields_set else []
        found: Sequence[RequestPart] | None = getattr(self, table)
        return found

    @property
    def rows_n(self) -> int:
        """Number of rows in all tables."""
        return sum(len(self.rows_of(table) or ()) for table in REQUEST_TABLES)


class HistoryRequest(RequestPart):
    """Customers with their rows: the models' answers from features computed now, at as_of (default: the bundle's)."""

    customers: Annotated[list[CustomerHistory], Field(min_length=1, max_length=MAX_CUSTOMERS)]
    as_of: Time | None = None

    @model_validator(mode="after")
    def bounded(self) -> "HistoryRequest":
        """Each customer comes once, and all rows together stay within the limit."""
        rows = sum(customer.rows_n for customer in self.customers)
        if rows > MAX_HISTORY_ROWS:
            raise ValueError(f"has {rows:,} rows together, must be at most {MAX_HISTORY_ROWS:,}")
        if len({customer.customer_id for customer in self.customers}) < len(self.customers):
            raise ValueError("names a customer_id twice, must each come once with all their rows")
        return self
