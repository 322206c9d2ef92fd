"""A pydantic model as a Markdown table of its keys, read from its JSON schema."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
FORMATS = {"date": "date", "date-time": "time (ISO 8601)"}


def sections(model: type[BaseModel]) -> dict[str, str]:
    """The model's own keys as a Markdown table, under an empty name, then those of each table in it, by its key."""
    schema = model.model_json_schema()
    own = {name: key for name, key in schema["properties"].items() if not referred(key)}
    parts = {name: schema["$defs"][referred(key)] for name, key in schema["properties"].items() if referred(key)}
    return {name: described(part) for name, part in {"": {**schema, "properties": own}, **parts}.items()}


def described(schema: Schema, meanings: Mapping[str, str] = MappingProxyType({}), sent: bool = False) -> str:
    """One object's docstring and keys; ``meanings`` of keys without their own, ``sent``: it is one of an answer."""
    head = "| key | is | there | meaning |" if sent else "| key | may be | if left out | meaning |"
    required = schema.get("required", ())
    always, other = ("always", "if it applies") if sent else ("**required**", "")
    rows = []
    for name, key in schema["properties"].items():
        value, meaning = allowed(key, name in required), one_line(key.get("description") or meanings.get(name, ""))
        left_out = always if name in required else other or default(key)
        rows.append(f"| `{name}` | {escaped(value)} | {left_out} | {escaped(meaning)} |")
    return "\n".join([one_line(schema.get("description", "")), "", head, "|---|---|---|---|", *rows, ""])


def referred(key: Schema) -> str:
    """The name of the part that the key holds, if it is one object of its own."""
    choices = [key, *(choice for choice in key.get("anyOf", ()) if choice != {"type": "null"})]
    found = [choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice]
    return found[0] if found else ""


def allowed(key: Schema, or_null: bool = False) -> str:
    """What a value may be, in words; null is named only where the key must be there.

    >>> allowed({"type": "integer", "minimum": 1})
    'whole number ≥ 1'
    """
    if "anyOf" in key:
        return " or ".join(allowed(choice) for choice in key["anyOf"] if or_null or choice != {"type": "null"})
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
    return " ".join([word, *(f"{sign} {key[bound]:,}" for bound, sign in BOUNDS.items() if bound in key)])


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
