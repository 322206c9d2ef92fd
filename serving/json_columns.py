"""JSON texts from columns: one object a row, character for character as ``json.dumps`` writes it, but without dicts."""

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii
from math import isfinite
from types import NoneType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Columns by name, one value a row: float64, or text (objects, None = null)."""


class Written(list[str]):
    """A column of values that are JSON already."""


def json_texts(fields: Mapping[str, Any], rows_n: int) -> list[str]:
    """One JSON object a row, with the keys of ``fields`` in their order.

    A field is a column (a list or array with a value a row), again such fields, or a constant: the same in every row.
    Floats are written so that they read back to the same bits.

    Raises:
        ValueError: a number is not finite, which JSON cannot express.

    >>> json_texts({"id": ["a", "b"], "churn": {"probability": [0.25, None], "horizon_days": 30.0}}, 2)
    ['{"id": "a", "churn": {"probability": 0.25, "horizon_days": 30.0}}', \
'{"id": "b", "churn": {"probability": null, "horizon_days": 30.0}}']
    """
    columns: list[list[str]] = []
    template = _template(fields, columns)
    return list(map(template.__mod__, zip(*columns, strict=True))) if columns else [template % ()] * rows_n


def _template(field: Any, columns: list[list[str]]) -> str:
    """The row's text with ``%s`` where a column's value belongs; the texts of these values go into ``columns``."""
    if isinstance(field, Mapping):
        return "{" + ", ".join(f"{_constant(key)}: {_template(value, columns)}" for key, value in field.items()) + "}"
    if isinstance(field, np.ndarray | list):
        columns.append(field if isinstance(field, Written) else _texts(field))
        return "%s"
    return _constant(field)


def _constant(value: object) -> str:
    return json.dumps(value, allow_nan=False).replace("%", "%%")


def _texts(values: NDArray[Any] | list[Any]) -> list[str]:
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and np.isfinite(values).all():
        return list(map(repr, values.tolist()))
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return [_TEXT.get(type(value), _other)(value) for value in plain]


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"a column of answers has {value}, which JSON cannot express: a model is damaged")
    return repr(value)


def _null(_: None) -> str:
    return "null"


def _other(value: object) -> str:
    return json.dumps(value, allow_nan=False)


_TEXT: dict[type, Callable[[Any], str]] = {float: _number, str: encode_basestring_ascii, NoneType: _null}
