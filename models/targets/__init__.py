"""Targets: the kinds of answers. One file a target, which owns all that depends on the kind.

A learner's **raw** prediction becomes an **answer** (n, k) by the target's calibration; everything that is compared,
shown or served is made from the answer by the functions of ``Target``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from pydantic import BaseModel

from features.plugins import default, plugin, plugins
from models.charts import Chart, Forecasts
from models.question import Question
from models.sample import Floats, Mask

Calibration = dict[str, Any]
"""Plain JSON: what was learned of a model's predictions out of time."""


class Target(Protocol):
    """What a target's module must define. ``y`` are labels as ``labels`` makes them, one row a customer and cutoff."""

    NAME: str
    LOSS: str
    """Name of the loss among the scores; the search minimises it."""
    LOSS_WORDS: str
    """The loss as people write it."""
    Answer: type[BaseModel]
    """One customer's answer over HTTP."""

    def headline(self, question: Question) -> tuple[str, ...]:
        """Scores that tables show, in this order; the loss is the first."""
        ...

    def lines(self, question: Question) -> dict[str, str]:
        """Scores that are drawn over the test cutoffs, each with how to read it."""
        ...

    def check_horizons(self, horizons: Sequence[float]) -> None:
        """BadInput unless the target can answer for these days ahead, which are positive and ascending."""
        ...

    def labels(self, label: Floats, question: Question) -> Floats:
        """``y`` from the dataset's column ``label``; BadInput for values that are none of this target."""
        ...

    @default
    def known_at(self, as_of: Floats, y: Floats, cutoff: float, question: Question) -> tuple[Mask, Floats]:
        """Which rows' labels were known at ``cutoff`` (n,), and the labels of these rows as they were known then."""
        known = as_of + question.horizon_days <= cutoff
        return known, y[known]

    @default
    def complete(self, y: Floats, question: Question) -> Mask:  # noqa: ARG002 - most labels come whole or not at all
        """Which labels (n,) are known up to the longest horizon."""
        return np.ones(len(y), dtype=np.bool_)

    def enough(self, y: Floats, question: Question) -> bool:
        """Whether these labels are enough to fit on, and to calibrate with."""
        ...

    def calibrate(self, raw: Floats, y: Floats, question: Question) -> Calibration:
        """What to correct, from raw predictions and labels of dates that the predicting models had not seen."""
        ...

    def answer(self, raw: Floats, calibration: Calibration | None, question: Question) -> Floats:
        """The answer (n, k), calibrated if there is a calibration; a row's answer does not depend on other rows."""
        ...

    def loss(self, y: Floats, answer: Floats, question: Question) -> Floats:
        """Loss a row (n,); lower is better, and lowest on average for the truth."""
        ...

    def scores(self, y: Floats, answer: Floats, question: Question) -> dict[str, float]:
        """All scores of a set of answers by name, nan where one is not defined; the mean loss is among them."""
        ...

    def columns(self, answer: Floats, question: Question) -> dict[str, Floats]:
        """Columns of a table of scores, (n,) float64 each, NaN where the answer has no value."""
        ...

    def as_json(self, row: Mapping[str, float], question: Question, as_of: float) -> dict[str, Any]:
        """One row of ``columns`` as ``Answer`` has it; ``as_of`` in days since 1970-01-01 UTC."""
        ...

    def not_asked(self, question: Question, reason: str) -> dict[str, Any]:
        """``Answer`` for a customer whom the question does not apply to: nulls and the reason."""
        ...

    def charts(self, question: Question, happens: str, contestants: Sequence[Forecasts]) -> list[Chart]:
        """What shows whether the answers are right and good; the model is the first contestant."""
        ...


def targets() -> dict[str, Target]:
    """Every target by name."""
    return plugins(__name__, Target)


def target(name: str) -> Target:
    """The target called ``name``; NotFound names the others."""
    return plugin(__name__, Target, name)
