"""Answers of segmenters: the segment a customer is in."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from models.segments.catalogue import to_json
from models.segments.segmenter import Segmenter, assign

TEXT = ("id", "name")


def key(model_name: str) -> str:  # noqa: ARG001 - the same whatever the study is called
    """Where the answer stands: under ``segment``."""
    return "segment"


def columns(segmenter: Segmenter, features: pd.DataFrame) -> dict[str, list[Any]]:
    """``id``, ``name`` and ``strength`` in [0, 1] of each row's segment."""
    if features.empty:
        return {name: [] for name in (*TEXT, "strength")}
    found = assign(segmenter, features)
    return {name: found[f"segment_{name}"].tolist() for name in (*TEXT, "strength")}


def as_json(segmenter: Segmenter, row: Mapping[str, Any], as_of: float) -> dict[str, Any]:  # noqa: ARG001
    """One row of ``columns`` as ``payload.Segment``."""
    return dict(row)


def catalogue(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The segments, most revenue first."""
    return to_json(segmenter.catalogue)
