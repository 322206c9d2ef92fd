"""Learners: how a question is answered from a sample. One file per learner, with the functions of ``Learner``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import pandas as pd

from features.plugins import default, plugin, plugins
from models.params import Trial
from models.question import Question
from models.sample import Floats, Sample

Params = Mapping[str, Any]
Contributions = tuple[tuple[str, ...], Floats]
"""Names of columns (m), and (n, m + 1) what each adds to a row's score; last what the score is without them."""


class Learner(Protocol):
    """What a learner's module defines; names with a value here may be left out. Each learner has its own model type."""

    NAME: str
    TARGETS: tuple[str, ...] = ("binary",)
    """Names of the targets it can be fitted for."""
    OUTCOMES: tuple[str, ...] = ()
    """Outcomes it can predict; empty if it learns from labels, whatever they record."""
    READS: tuple[str, ...] | None = None
    """Names of the columns it reads; None if it reads all columns of the sample."""
    EVERYBODY: bool = False
    """Whether it is fitted on all buyers at a cutoff, those included whom the question is not about; its ``READS`` of
    them are ``sample.everybody``."""
    BASELINE: bool = False
    """Whether it is a baseline: simple, and meant to be beaten."""
    DEFAULTS: Params = MappingProxyType({})

    @default
    def space(self, trial: Trial) -> Params:  # noqa: ARG002 - nothing to tune
        """Parameters drawn by the tuner; their names are keys of ``DEFAULTS``."""
        return {}

    def fit(self, sample: Sample, params: Params, seed: int) -> Any:
        """The fitted model; the same sample, params and seed give the same model.

        ``sample.X`` copies the rows, ``sample.column`` one feature; ``sample.once`` stores what all trials share.
        """

    def predict(self, model: Any, X: pd.DataFrame) -> Floats:
        """Raw predictions; those of a row do not depend on the other rows.

        binary: (n,) P(y = 1). amount: (n,) expected amount, at least 0. curve: (n, k) P(event within each horizon),
        never decreasing along a row.
        """
        ...

    @default
    def importance(self, model: Any) -> dict[str, float]:  # noqa: ARG002 - it is no sum of features
        """Importance of each feature the model uses, at least 0, in the learner's own unit; empty if it has none."""
        return {}

    @default
    def contributions(self, model: Any, X: pd.DataFrame) -> Contributions | None:  # noqa: ARG002 - it is no sum
        """What each column adds to each row's score; None if the score is no sum of columns.

        A row of contributions sums to the score, before any calibration. binary: the log odds of the raw prediction.
        amount: its logarithm, before the floor. curve: the mean over its intervals of the log odds of an event in the
        interval, given none before. A row's contributions do not depend on the other rows.
        """
        return None

    def dump(self, model: Any) -> dict[str, bytes]:
        """The model as files of plain data by name, never pickled."""
        ...

    def load(self, files: Mapping[str, bytes]) -> Any:
        """The model that ``dump`` wrote."""


def learners() -> dict[str, Learner]:
    """Every learner by name."""
    return plugins(__name__, Learner)


def learner(name: str) -> Learner:
    """The learner called ``name``; NotFound names the others."""
    return plugin(__name__, Learner, name)


def read_of_everybody() -> tuple[str, ...]:
    """Columns that learners read of all buyers, in alphabetical order."""
    return tuple(sorted({name for found in learners().values() if found.EVERYBODY for name in found.READS or ()}))


def cannot_answer(name: str, question: Question) -> str:
    """Why the learner cannot answer the question; empty if it can."""
    module = learner(name)
    if question.target not in module.TARGETS:
        return f"it answers {' and '.join(module.TARGETS)} questions, {question.task} is {question.target}"
    if module.OUTCOMES and question.outcome not in module.OUTCOMES:
        return f"it knows the outcomes {', '.join(module.OUTCOMES)}, {question.task} records {question.outcome}"
    return ""
