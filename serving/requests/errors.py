"""The sentence for an invalid request: where the first problem is, what was found, what is needed, an example."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from features.errors import BadInput
from serving.requests.refusal import quoted

Request = TypeVar("Request", bound=BaseModel)

EXAMPLES = {
    "customer_ids": '["12347"]',
    "customers": '[{"customer_id": "12347", "orders": [...]}]',
    "customer_id": '"12347"',
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
TEXT = '"text"'


def reader(model: type[Request]) -> Callable[[object], Request]:
    """The function that validates a parsed body as ``model``; BadInput with one sentence if it is not."""

    def read(body: object) -> Request:
        try:
            return model.model_validate(body)
        except ValidationError as error:
            raise BadInput(sentence(error, model)) from None

    return read


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem in one sentence, and how many more there are."""
    problems = error.errors(include_url=False)
    first = problems[0]
    if first["type"] == "missing":
        places = [problem["loc"] for problem in problems if problem["type"] == "missing"]
        return all_missing(places, others_n=len(problems) - len(places))
    where = json_path(first["loc"]) or "the body"
    field = next((str(step) for step in reversed(first["loc"]) if isinstance(step, str)), "")
    body = next(iter(model.model_fields))
    example = EXAMPLES.get(field, TEXT) if field else f'{{"{body}": {EXAMPLES[body]}}}'
    more = f" ({len(problems) - 1} more like it)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"{where} is not a key of this request: leave it out, or check its spelling{more}"
    # Objects and lists are not repeated: they are long, and full of customers' data.
    found = "" if isinstance(first["input"], BaseModel | dict | list) else f" is {quoted(first['input'])} and"
    return f"{where}{found} {requirement(first)}: send for example {example}{more}"


def all_missing(places: list[tuple[int | str, ...]], others_n: int) -> str:
    """Every key that is missing, at most ten of them, each with an example of what to send; how many problems more."""
    shown = places[:10]
    paths = ", ".join(json_path(place) for place in shown)
    examples = {str(place[-1]): EXAMPLES.get(str(place[-1]), TEXT) for place in shown}
    values = ", ".join(f'"{key}": {value}' for key, value in examples.items())
    more_n = len(places) - len(shown) + others_n
    more = f" ({more_n} more like it)" if more_n else ""
    return f"{paths} {'is' if len(places) == 1 else 'are'} missing: send for example {values}{more}"


def json_path(loc: tuple[int | str, ...]) -> str:
    """A position in the body as one writes it, at most 200 characters: a sender chooses the keys.

    >>> json_path(("customers", 0, "orders", 3, "at"))
    'customers[0].orders[3].at'
    """
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")
    return path if len(path) <= 200 else f"{path[:197]}..."


def requirement(problem: Any) -> str:
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
