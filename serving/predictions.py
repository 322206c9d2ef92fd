"""Answers of predictors: what the target of a model's question says about customers, or why it is not asked."""

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
    """The target's columns, null where the task does not ask about the customer, and then why not in ``reason``."""
    question = predictor.question
    asked = eligible_mask(question.task, features, question.horizon_days)
    # A row of nulls stands in where there is nobody, because only answers say which columns there are.
    rows = features if len(features) else pd.DataFrame(np.nan, columns=list(predictor.features), index=[0])
    found = target(question.target).columns(predict(predictor, rows), question)
    why = task(question.task).REASON_NOT_ELIGIBLE
    values = {name: np.where(asked, column[: len(features)], np.nan).tolist() for name, column in found.items()}
    return {**values, "reason": [None if one else why for one in asked]}


def as_json(predictor: Predictor, row: Mapping[str, Any], as_of: float) -> dict[str, Any]:
    """One row of ``columns`` as the target's ``Answer``."""
    kind, question = target(predictor.question.target), predictor.question
    if row["reason"] is not None:
        return kind.not_asked(question, row["reason"])
    return kind.as_json(row, question, as_of)


def catalogue(predictor: Predictor) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """No segments."""
    return []
