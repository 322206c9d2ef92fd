"""Answers of segmenters: the segment a customer is in."""

from typing import Any

import numpy as np
import pandas as pd

from models.segments.catalogue import to_json
from models.segments.segmenter import Segmenter, assign
from serving.json_columns import Columns, json_texts

TEXT = ("id", "name")


def key(model_name: str) -> str:  # noqa: ARG001 - the same whatever the study is called
    """Where the answer stands: under ``segment``."""
    return "segment"


def columns(segmenter: Segmenter, features: pd.DataFrame) -> Columns:
    """``id``, ``name`` and ``strength`` in [0, 1] of each row's segment."""
    if features.empty:
        return {**{name: np.empty(0, dtype=object) for name in TEXT}, "strength": np.empty(0)}
    found = assign(segmenter, features)
    texts = {name: found[f"segment_{name}"].to_numpy(dtype=object) for name in TEXT}
    return {**texts, "strength": found["segment_strength"].to_numpy(dtype=np.float64)}


def as_json(segmenter: Segmenter, columns: Columns, as_of: float) -> list[str]:  # noqa: ARG001
    """Each row of ``columns`` as ``requests.answers.Segment``."""
    return json_texts(columns, len(columns["id"]))


def catalogue(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The segments, most revenue first."""
    return to_json(segmenter.catalogue)
