"""What the models say about customers: the one function behind the batch scores and every HTTP answer."""

from typing import Any

import numpy as np
import pandas as pd

from models.predictor import Predictor, predict
from models.segments.segmenter import Segmenter, assign
from models.tasks import eligible_mask, task
from serving.bundle import Bundle, iso

SEGMENT_COLUMNS = ("segment_id", "segment_name", "segment_strength")
Columns = dict[str, list[Any]]


def answer(bundle: Bundle, features: pd.DataFrame) -> pd.DataFrame:
    """One row a row of ``features`` [customer_id, *features], in its order: ``columns`` as a frame.

    Types do not depend on the rows: probabilities and strengths are float64, everything else is text.
    """
    said = columns(bundle, features)
    return pd.DataFrame({name: pd.Series(values, dtype=_dtype(name)) for name, values in said.items()})


def columns(bundle: Bundle, features: pd.DataFrame) -> Columns:
    """What the bundle's models say, as one list a column.

    customer_id; segment_id, segment_name, segment_strength in [0, 1] if the bundle has segments; and for each task
    ``<task>_probability``, null where the task does not ask about the customer, with the why in ``<task>_reason``.
    A row's answer does not depend on the rows beside it.
    """
    said: Columns = {"customer_id": features["customer_id"].tolist()}
    for loaded in bundle.models.values():
        if isinstance(loaded.model, Segmenter):
            said |= segments(loaded.model, features)
    for name, loaded in bundle.models.items():
        if isinstance(loaded.model, Predictor):
            said |= propensity(name, loaded.model, features)
    return said


def segments(segmenter: Segmenter, features: pd.DataFrame) -> Columns:
    """SEGMENT_COLUMNS for each row."""
    if features.empty:
        return {column: [] for column in SEGMENT_COLUMNS}
    found = assign(segmenter, features)
    return {column: found[column].tolist() for column in SEGMENT_COLUMNS}


def propensity(name: str, predictor: Predictor, features: pd.DataFrame) -> Columns:
    """``<name>_probability`` and ``<name>_reason`` for each row; exactly one of the two is null."""
    probability = np.full(len(features), np.nan)
    asked = eligible_mask(predictor.question.task, features, predictor.question.horizon_days)
    if asked.any():
        probability[asked] = predict(predictor, features if asked.all() else features[asked])
    why = task(predictor.question.task).REASON_NOT_ELIGIBLE
    return {f"{name}_probability": probability.tolist(), f"{name}_reason": [None if one else why for one in asked]}


def as_json(bundle: Bundle, said: Columns, unknown: list[str], as_of: float) -> dict[str, Any]:
    """The body of an HTTP answer, as ``payload.Answers`` describes it; floats keep every bit."""
    rows = [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]
    return {
        "answers": [_one(bundle, row) for row in rows],
        "unknown": unknown,
        "as_of": iso(as_of),
        "models": bundle.versions,
        "bundle": bundle.version,
    }


def _dtype(column: str) -> str:
    return "float64" if column.endswith(("_probability", "_strength")) else "str"


def _one(bundle: Bundle, row: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = {"customer_id": row["customer_id"]}
    if "segment_id" in row:
        one["segment"] = {column.removeprefix("segment_"): row[column] for column in SEGMENT_COLUMNS}
    for name, loaded in bundle.models.items():
        if isinstance(loaded.model, Predictor):
            one[name] = _propensity(
                row[f"{name}_probability"], row[f"{name}_reason"], loaded.model.question.horizon_days
            )
    return one


def _propensity(probability: float, reason: str | None, horizon_days: float) -> dict[str, Any]:
    if reason is None:
        return {"probability": probability, "horizon_days": horizon_days}
    return {"probability": None, "horizon_days": horizon_days, "reason": reason}
