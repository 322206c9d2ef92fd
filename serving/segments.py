"""Answers of segmenters: the segment a customer is in."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.sample import Mask
from models.segments.catalogue import to_json
from models.segments.segmenter import Segmenter, assign
from serving.json_columns import Columns, json_texts

TEXT = ("id", "name")


def key(model_name: str) -> str:  # noqa: ARG001 - the same whatever the study is called
    """Where the answer stands: under ``segment``."""
    return "segment"


def columns(segmenter: Segmenter, features: pd.DataFrame, about: Mask) -> Columns:
    """``id``, ``name`` and ``strength`` in [0, 1] of each row's segment; null for rows that it is not ``about``."""
    texts: dict[str, NDArray[Any]] = {name: np.full(len(features), None, dtype=object) for name in TEXT}
    found = {**texts, "strength": np.full(len(features), np.nan)}
    if about.any():
        assigned = assign(segmenter, features if about.all() else features[about])
        for name, values in found.items():
            values[about] = assigned[f"segment_{name}"].to_numpy(dtype=values.dtype)
    return found


def as_json(segmenter: Segmenter, columns: Columns, as_of: float) -> list[str]:  # noqa: ARG001
    """Each row of ``columns`` as ``requests.answers.Segment``; ``null`` for people without a segment."""
    texts = np.full(len(columns["id"]), "null", dtype=object)
    inside = np.array([each is not None for each in columns["id"]], dtype=np.bool_)
    texts[inside] = json_texts({name: values[inside] for name, values in columns.items()}, int(inside.sum()))
    written: list[str] = texts.tolist()
    return written


def catalogue(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The segments, most revenue first."""
    return to_json(segmenter.catalogue)
