"""What may be asked and answered: the two requests, their limits, and the sentence for each way to miss them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from features.errors import BadInput
from serving.guard import shown
from serving.rows import Contract, Event, Id, OrderLine, Payload, Profile, Said, Time, Touch

MAX_CUSTOMERS = 1_000
MAX_HISTORY_ROWS = 5_000
CARRIED = ("orders", "events", "touches", "feedback", "subscriptions", "customers")
"""Canonical tables that a request can carry."""


class PredictRequest(Payload):
    """Customers known to the shop, by id: their segment and propensities at the bundle's as_of."""

    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_CUSTOMERS)]


class CustomerHistory(Payload):
    """One customer's own rows, each list in any order; a list that is left out says nothing, an empty one: none."""

    customer_id: Id
    orders: Annotated[list[OrderLine], Field(min_length=1, max_length=MAX_HISTORY_ROWS)]
    events: Annotated[list[Event], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    touches: Annotated[list[Touch], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    feedback: Annotated[list[Said], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    subscriptions: Annotated[list[Contract], Field(max_length=MAX_HISTORY_ROWS)] | None = None
    profile: Profile | None = None

    def rows(self, table: str) -> Sequence[Payload] | None:
        """The customer's rows of a canonical table; None if the request does not speak of it."""
        if table == "customers":
            # An empty profile is that of a customer nobody knows: the batch has no row for them either.
            if self.profile is None:
                return None
            return [self.profile] if self.profile.model_fields_set else []
        found: Sequence[Payload] | None = getattr(self, table)
        return found

    @property
    def rows_n(self) -> int:
        """Rows of all tables."""
        return sum(len(self.rows(table) or ()) for table in CARRIED)


class HistoryRequest(Payload):
    """Customers with their own rows, as they stood at as_of (absent: the bundle's): the same, computed now."""

    customers: Annotated[list[CustomerHistory], Field(min_length=1, max_length=MAX_CUSTOMERS)]
    as_of: Time | None = None

    @model_validator(mode="after")
    def bounded(self) -> "HistoryRequest":
        """Each customer once, and not too many rows together."""
        rows = sum(customer.rows_n for customer in self.customers)
        if rows > MAX_HISTORY_ROWS:
            raise ValueError(f"holds {rows:,} rows together, must be at most {MAX_HISTORY_ROWS:,}")
        if len({customer.customer_id for customer in self.customers}) < len(self.customers):
            raise ValueError("names a customer_id twice, must each come once with all their rows")
        return self


class Segment(BaseModel):
    """The segment a customer is in; strength in [0, 1] says how clearly."""

    id: str
    name: str
    strength: float


class Propensity(BaseModel):
    """A calibrated probability over the horizon; null with a reason where the question does not apply."""

    probability: float | None
    horizon_days: float
    reason: str | None = None


class Answer(BaseModel):
    """What is known about one customer; a part is absent if the bundle has no such model."""

    customer_id: str
    segment: Segment | None = None
    churn: Propensity | None = None
    next_purchase: Propensity | None = None


class ModelVersion(BaseModel):
    """Which model answered."""

    version: str
    sha256: str


class Answers(BaseModel):
    """One answer a known customer, in the order asked; all from the features at ``as_of``."""

    answers: list[Answer]
    unknown: list[str]
    as_of: str
    models: dict[str, ModelVersion]
    bundle: str


Request = TypeVar("Request", bound=BaseModel)

EXAMPLES = {
    "customer_ids": '{"customer_ids": ["12347"]}',
    "customers": '{"customers": [{"customer_id": "12347", "orders": [...]}]}',
    "orders": '[{"order_id": "o1", "at": "2011-11-20T09:30:00Z", "quantity": 2, "unit_price": 4.95}]',
    "at": '"2011-11-20T09:30:00Z"',
    "as_of": '"2011-12-01T00:00:00Z"',
    "quantity": "2",
    "unit_price": "4.95",
    "discount": "0.5, or null",
    "events": '[{"at": "2011-11-20T09:30:00Z", "kind": "product_view", "product_id": "p1"}]',
    "touches": '[{"at": "2011-11-20T09:30:00Z", "channel": "email", "kind": "open"}]',
    "feedback": '[{"at": "2011-11-20T09:30:00Z", "kind": "nps", "score": 9}]',
    "subscriptions": '[{"plan": "plus", "started_at": "2011-11-20T00:00:00Z"}]',
    "profile": '{"country": "United Kingdom"}',
}


def reader(model: type[Request]) -> Callable[[object], Request]:
    """The function that checks a parsed body against ``model`` and says in a sentence what is wrong with it."""

    def read(body: object) -> Request:
        try:
            return model.model_validate(body)
        except ValidationError as error:
            raise BadInput(sentence(error, model)) from None

    return read


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem: where, what was found, what was needed, what to send; and how many more there are."""
    problems = error.errors(include_url=False)
    first = problems[0]
    where = place(first["loc"]) or "the body"
    field = next((str(step) for step in reversed(first["loc"]) if isinstance(step, str)), "")
    example = EXAMPLES.get(field) or EXAMPLES[next(iter(model.model_fields))]
    more = f" ({len(problems) - 1} more like it)" if len(problems) > 1 else ""
    if first["type"] == "missing":
        return f"{where} is missing: send for example {example}{more}"
    if first["type"] == "extra_forbidden":
        return f"{where} is not a key of this request: leave it out, or check its spelling{more}"
    # Objects and lists are not repeated: they are long, and full of customers' data.
    found = "" if isinstance(first["input"], BaseModel | dict | list) else f" is {shown(first['input'])} and"
    return f"{where}{found} {needed(first)}: send for example {example if field in EXAMPLES else 'text'}{more}"


def place(loc: tuple[int | str, ...]) -> str:
    """A path into the body as one writes it.

    >>> place(("customers", 0, "orders", 3, "at"))
    'customers[0].orders[3].at'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


def needed(problem: Any) -> str:
    """What the value should have been, in words."""
    context = problem.get("ctx", {})
    words: dict[str, str] = {
        "string_type": "must be text",
        "string_unicode": "must be valid Unicode text",
        "string_too_short": "must not be empty",
        "string_too_long": f"must have at most {context.get('max_length')} characters",
        "float_type": "must be a number",
        "finite_number": "must be a finite number",
        "greater_than": f"must be greater than {context.get('gt')}",
        "greater_than_equal": f"must not be below {context.get('ge')}",
        "less_than_equal": f"must not be above {context.get('le')}",
        "list_type": "must be a list",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
        "too_short": "must not be an empty list",
        "too_long": f"has {context.get('actual_length')} items, must have at most {context.get('max_length')}",
        "literal_error": f"must be {context.get('expected')}",
        "value_error": str(context.get("error")),
    }
    return words.get(problem["type"], f"is not valid ({problem['msg']})")
