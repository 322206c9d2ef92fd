"""A pydantic model as a Markdown table of its keys, read from its JSON schema."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

HEAD = "| key | may be | if left out | meaning |\n|---|---|---|---|\n"
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
FORMATS = {"date": "date", "date-time": "time (ISO 8601)"}


def sections(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """The model's own keys, then each table in it: its key (empty for the model), its docstring, its keys as a table."""
    schema = model.model_json_schema()
    parts = schema.get("$defs", {})
    yield "", schema.get("description", ""), table(schema)
    for name, key in schema["properties"].items():
        if part := referred(key):
            yield name, parts[part].get("description", ""), table(parts[part])


def table(schema: Schema) -> str:
    """The keys of one object that are no tables themselves."""
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {escaped(allowed(key))} | {'**required**' if name in required else default(key)} "
        f"| {escaped(one_line(key.get('description', '')))} |\n"
        for name, key in schema["properties"].items()
        if not referred(key)
    ]
    return HEAD + "".join(rows)


def referred(key: Schema) -> str:
    """The name of the part that the key holds, if it is one object of its own."""
    choices = [key, *(choice for choice in key.get("anyOf", ()) if choice != {"type": "null"})]
    found = [choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice]
    return found[0] if found else ""


def allowed(key: Schema) -> str:
    """What a value may be, in words.

    >>> allowed({"type": "integer", "minimum": 1})
    'whole number ≥ 1'
    """
    if "anyOf" in key:
        return " or ".join(allowed(choice) for choice in key["anyOf"] if choice != {"type": "null"})
    if "$ref" in key:
        return key["$ref"].rpartition("/")[2]
    if "const" in key or "enum" in key:
        return ", ".join(f"`{json.dumps(value)}`" for value in key.get("enum") or [key["const"]])
    if key.get("type") == "array":
        return f"list of {allowed(key['items'])}"
    if key.get("type") == "object":
        inner = [*key.get("patternProperties", {}).values(), key.get("additionalProperties")]
        values = next((each for each in inner if isinstance(each, dict)), {})
        return f"table of names, each {allowed(values)}" if values else "table"
    word = FORMATS.get(key.get("format", ""), WORDS.get(key.get("type", ""), "any value"))
    return " ".join([word, *(f"{sign} {key[bound]:g}" for bound, sign in BOUNDS.items() if bound in key)])


def default(key: Schema) -> str:
    """The value of a key that is left out, as JSON; empty where that means nothing."""
    value = key.get("default")
    return "" if value in (None, "", [], {}) else f"`{json.dumps(value)}`"


def one_line(text: str) -> str:
    """Text as one line of Markdown, with code in single backticks."""
    return " ".join(text.replace("``", "`").split())


def escaped(text: str) -> str:
    """Text within a cell."""
    return text.replace("|", "\\|")
