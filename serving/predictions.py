"""Answers of predictors: the columns and JSON of the target, or the reason why a task does not apply to a customer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.predictor import Predictor, predict
from models.targets import target
from models.tasks import eligible_mask, task

TEXT = ("reason",)


def key(model_name: str) -> str:
    """Where the answer stands: under the model's own name."""
    return model_name


def columns(predictor: Predictor, features: pd.DataFrame) -> dict[str, list[Any]]:
    """The target's columns, and ``reason``: where the task does not apply, values are null and the reason is not."""
    question = predictor.question
    eligible = eligible_mask(question.task, features, question.horizon_days)
    # Without customers, a row of nulls is answered instead: the names of the columns come with the answers.
    rows = features if len(features) else pd.DataFrame(np.nan, columns=list(predictor.features), index=[0])
    found = target(question.target).columns(predict(predictor, rows), question)
    why = task(question.task).REASON_NOT_ELIGIBLE
    values = {name: np.where(eligible, column[: len(features)], np.nan).tolist() for name, column in found.items()}
    return {**values, "reason": [None if applies else why for applies in eligible]}


def as_json(predictor: Predictor, row: Mapping[str, Any], as_of: float) -> dict[str, Any]:
    """One row of ``columns`` as the target's ``Answer``."""
    kind, question = target(predictor.question.target), predictor.question
    if row["reason"] is not None:
        return kind.not_asked(question, row["reason"])
    return kind.as_json(row, question, as_of)


def catalogue(predictor: Predictor) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """No segments."""
    return []
