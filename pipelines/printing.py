"""The result of a command as JSON that any program can read."""

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(result: Mapping[str, Any]) -> str:
    """One line of JSON, keys sorted. A score that is not defined is null: JSON has no NaN, though Python writes one.

    >>> json_text({"scores": {"slope": float("nan"), "auc": 0.75}, "at": [float("inf"), 1]})
    '{"at": [null, 1], "scores": {"auc": 0.75, "slope": null}}'
    """
    return json.dumps(_defined(result), sort_keys=True, default=str, allow_nan=False)


def _defined(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _defined(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
