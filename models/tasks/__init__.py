"""Tasks: what is predicted, for whom, and how the future labels it. One file a task."""

from typing import Any, Protocol, cast

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from features.engines import Tables
from models.plugins import plugin, plugins
from models.sample import Positive


class Task(Protocol):
    """What a task's module must hold."""

    NAME: str
    POSITIVE: Positive
    """What a label of 1 means."""
    HORIZON_DAYS: float
    MISSING_LABEL: float
    """Label of an eligible customer for whom ``label`` has no row."""
    reason_not_eligible: str

    def eligible(self, horizon_days: float) -> nw.Expr:
        """Which rows of a snapshot the task asks about."""

    def label(self, tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
        """``customer_id, label`` of the customers who bought in ``[as_of, as_of + horizon_days)``."""


def tasks() -> dict[str, Task]:
    """Every task by name."""
    return {name: cast(Task, module) for name, module in plugins(__name__).items()}


def task(name: str) -> Task:
    """The task called ``name``; NotFound names the others."""
    return cast(Task, plugin(__name__, "task", name))


def eligible_mask(task_name: str, X: pd.DataFrame, horizon_days: float) -> npt.NDArray[np.bool_]:
    """Which rows of ``X`` the task asks about; a null where the rule looks makes a row not eligible."""
    rule = task(task_name).eligible(horizon_days)
    answer = nw.from_native(X, eager_only=True).select(eligible=rule)["eligible"]
    return np.array([value is True or value is np.True_ for value in answer.to_list()], dtype=np.bool_)
