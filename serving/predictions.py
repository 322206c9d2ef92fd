"""Answers of predictors: the columns and JSON of the target, or the reason why a task does not apply to a customer."""

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import reasons
from models.predictor import Predictor, predict, readable
from models.sample import Mask
from models.targets import target
from models.tasks import NO_ORDER_YET, eligible_mask, task
from serving.json_columns import Columns, Written, json_texts

TOLD = tuple(f"reason_{number}" for number in range(1, reasons.MOST + 1))
"""Columns of reasons in words."""
TEXT = ("reason", *TOLD)
ONLY_JSON = ("reasons",)


def key(model_name: str) -> str:
    """Where the answer stands: under the model's own name."""
    return model_name


def columns(predictor: Predictor, features: pd.DataFrame, about: Mask) -> Columns:
    """The target's columns, and ``reason``: where the task does not apply, values are null and the reason is not.

    Of models that give reasons for a score also ``reason_1`` to ``reason_3`` in words, null where there are no more,
    and ``reasons``, the same as JSON.
    """
    question = predictor.question
    eligible = eligible_mask(question.task, features, question.horizon_days) & about
    # Without customers, a row of nulls is answered instead: the names of the columns come with the answers.
    rows = features if len(features) else pd.DataFrame(np.nan, columns=list(predictor.features), index=[0])
    rows = readable(predictor, rows)
    found = target(question.target).columns(predict(predictor, rows), question)
    reason = np.full(len(features), task(question.task).REASON_NOT_ELIGIBLE, dtype=object)
    reason[~about] = NO_ORDER_YET
    reason[eligible] = None
    values = {name: np.where(eligible, column[: len(features)], np.nan) for name, column in found.items()}
    return {**values, "reason": reason, **told(predictor, rows, eligible)}


def told(predictor: Predictor, features: pd.DataFrame, eligible: Mask) -> dict[str, NDArray[Any]]:
    """The columns of reasons for the scores of ``eligible`` rows; none if the model gives no reasons.

    ``features`` are as ``readable`` gives them.
    """
    if not reasons.gives_reasons(predictor):
        return {}
    found = {name: np.full(len(eligible), None, dtype=object) for name in (*TOLD, *ONLY_JSON)}
    rows = np.flatnonzero(eligible)
    X = features.iloc[rows]
    texts: list[list[str]] = [[] for _ in rows]
    for name, each in zip(TOLD, reasons.fields(reasons.reasons(predictor, X), predictor.usual, X), strict=True):
        there = np.flatnonzero(each.pop("there"))
        found[name][rows[there]] = each["words"]
        for row, text in zip(there.tolist(), json_texts(each, len(there)), strict=True):
            texts[row].append(text)
    found["reasons"][rows] = [f"[{', '.join(each)}]" for each in texts]
    return found


def as_json(predictor: Predictor, columns: Columns, as_of: float) -> list[str]:
    """Each row of ``columns`` as the target's ``Answer``."""
    kind, question = target(predictor.question.target), predictor.question
    asked = np.array([why is None for why in columns["reason"]], dtype=np.bool_)
    texts = np.empty(len(asked), dtype=object)
    fields = kind.as_json({name: values[asked] for name, values in columns.items()}, question, as_of)
    fields |= {name: Written(columns[name][asked].tolist()) for name in ONLY_JSON if name in columns}
    texts[asked] = json_texts(fields, int(asked.sum()))
    for why in set(columns["reason"][~asked]):
        texts[columns["reason"] == why] = json.dumps(kind.not_asked(question, why), allow_nan=False)
    found: list[str] = texts.tolist()
    return found


def cards(predictor: Predictor) -> dict[str, dict[str, Any]]:  # noqa: ARG001
    """None."""
    return {}


def groups(predictor: Predictor) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """None."""
    return []


def ledger(predictor: Predictor) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """None."""
    return []


def catalogue(predictor: Predictor) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """No segments."""
    return []
