"""Learners: how an answer is fitted. One file a learner, all with the functions of ``Learner``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import pandas as pd

from features.plugins import default, plugin, plugins
from models.params import Trial
from models.question import Question
from models.sample import Floats, Sample

Params = Mapping[str, Any]


class Learner(Protocol):
    """What a learner's module must define. A model is plain data; ``Any`` because each learner has its own."""

    NAME: str
    TARGETS: tuple[str, ...] = ("binary",)
    """Kinds of answers it can fit."""
    OUTCOMES: tuple[str, ...] = ()
    """Outcomes it knows how to answer for; empty where it learns from labels, whatever they record."""
    READS: tuple[str, ...] | None = None
    """Columns it reads; None where it reads all it is given."""
    BASELINE: bool = False
    """True where the learner is something a challenger has to beat."""
    DEFAULTS: Params = MappingProxyType({})

    @default
    def space(self, trial: Trial) -> Params:  # noqa: ARG002 - nothing to tune
        """Parameters proposed by a tuner; keys of ``DEFAULTS``."""
        return {}

    def fit(self, sample: Sample, params: Params, seed: int) -> Any:
        """A model; the same sample, params and seed give the same model."""

    def predict(self, model: Any, X: pd.DataFrame) -> Floats:
        """Raw predictions a row, which do not depend on the other rows.

        binary: (n,) P(y = 1). amount: (n,) expected amount, at least 0. curve: (n, k) chances that the event has come
        within each horizon, never decreasing along a row.
        """
        ...

    @default
    def importance(self, model: Any) -> dict[str, float]:  # noqa: ARG002 - it is no sum of features
        """Weight of each feature the model uses, non-negative; empty where it uses none."""
        return {}

    def dump(self, model: Any) -> dict[str, bytes]:
        """The model as named files of plain data."""
        ...

    def load(self, files: Mapping[str, bytes]) -> Any:
        """The model ``dump`` wrote."""


def learners() -> dict[str, Learner]:
    """Every learner by name."""
    return plugins(__name__, Learner)


def learner(name: str) -> Learner:
    """The learner called ``name``; NotFound names the others."""
    return plugin(__name__, Learner, name)


def cannot_answer(name: str, question: Question) -> str:
    """Why the learner cannot answer the question; empty if it can."""
    module = learner(name)
    if question.target not in module.TARGETS:
        return f"it answers {' and '.join(module.TARGETS)} questions, {question.task} is {question.target}"
    if module.OUTCOMES and question.outcome not in module.OUTCOMES:
        return f"it knows the outcomes {', '.join(module.OUTCOMES)}, {question.task} records {question.outcome}"
    return ""
