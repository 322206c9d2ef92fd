"""Targets: the kinds of answers. One file per target, with everything that depends on the kind.

The target's calibration turns a learner's **raw** predictions into **answers** (n, k). The other functions of
``Target`` score, draw and serve the answers.
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
"""Corrections fitted to a model's predictions out of time, as plain JSON."""


class Target(Protocol):
    """What a target's module defines. ``y`` are labels as ``labels`` returns them, one row per customer and cutoff."""

    NAME: str
    LOSS: str
    """Name of the loss among ``scores``; the search minimises it."""
    LOSS_WORDS: str
    """The loss in words, for plots and reasons."""
    Answer: type[BaseModel]
    """One customer's answer over HTTP."""
    CHANCES: bool = True
    """Whether what ``levels`` expects are probabilities, whose slope on log odds should be 1."""

    def headline(self, question: Question) -> tuple[str, ...]:
        """Names of the scores that tables show, in this order, the loss first."""
        ...

    def lines(self, question: Question) -> dict[str, str]:
        """Scores to draw over the test cutoffs: name to axis label."""
        ...

    def check_horizons(self, horizons: Sequence[float]) -> None:
        """BadInput unless the target can answer for these horizons, in days, positive."""
        ...

    def labels(self, label: Floats, question: Question) -> Floats:
        """``y`` (n,) or (n, k) from the dataset's column ``label`` (n,); BadInput for impossible values."""
        ...

    @default
    def known_at(self, as_of: Floats, y: Floats, cutoff: float, question: Question) -> tuple[Mask, Floats]:
        """A mask (n,) of the rows whose labels were known at ``cutoff``, and their labels as known then.

        It gives the same for labels as known at any later cutoff.
        """
        known = as_of + question.horizon_days <= cutoff
        return known, y[known]

    @default
    def complete(self, y: Floats, question: Question) -> Mask:  # noqa: ARG002 - by default a label is complete or unknown
        """A mask (n,) of the labels that are known up to the longest horizon."""
        return np.ones(len(y), dtype=np.bool_)

    def enough(self, y: Floats, question: Question) -> bool:
        """Whether there are enough of these labels to fit a model or a calibration."""
        ...

    def rarer_outcome(self, y: Floats, question: Question) -> int:
        """Rows with the rarer of the outcomes that a model must tell apart; a test on few of them proves nothing."""
        ...

    def calibrate(self, raw: Floats, y: Floats, as_of: Floats, question: Question) -> Calibration:
        """The calibration, from raw predictions and labels at cutoffs ``as_of`` that the predicting models had not
        seen."""
        ...

    def calibration_method(self, calibration: Calibration) -> str:
        """What it does, in a few words."""
        ...

    def answer(self, raw: Floats, calibration: Calibration | None, question: Question) -> Floats:
        """Answers (n, k), calibrated unless ``calibration`` is None; a row's answer does not depend on other rows."""
        ...

    def loss(self, y: Floats, answer: Floats, question: Question) -> Floats:
        """Loss per row (n,); lower is better. It is a proper score: the true expectation has the lowest mean loss."""
        ...

    def scores(self, y: Floats, answer: Floats, question: Question) -> dict[str, float]:
        """All scores by name, the mean loss among them; nan where a score is not defined."""
        ...

    def levels(self, y: Floats, answer: Floats, question: Question) -> dict[str, tuple[Floats, Floats]]:
        """What was observed and what was expected, a row each, by what it is about: a horizon, or an empty text."""
        ...

    def event(self, y: Floats, question: Question) -> Floats:
        """(n,) 1.0 where the outcome came, 0.0 where not, nan where that is not known."""
        ...

    def useful(self, scores: Mapping[str, float], question: Question) -> tuple[bool, str]:
        """Whether the answers tell customers apart well enough to act on, and a sentence with the size of it."""
        ...

    def columns(self, answer: Floats, question: Question) -> dict[str, Floats]:
        """The answers as named columns (n,) of the table of scored customers; NaN where an answer has no value."""
        ...

    def as_json(self, columns: Mapping[str, Floats], question: Question, as_of: float) -> dict[str, Any]:
        """The fields of ``Answer``: a column of values (n,), such fields by name, or a constant for every row.

        ``columns`` are those of the function above; ``as_of`` is in days since 1970-01-01 UTC.
        """
        ...

    def not_asked(self, question: Question, reason: str) -> dict[str, Any]:
        """The fields of ``Answer`` for a customer to whom the question does not apply: nulls and the reason."""
        ...

    def charts(self, question: Question, happens: str, contestants: Sequence[Forecasts]) -> list[Chart]:
        """Charts of calibration and ranking; the model is the first contestant, ``happens`` is the event in words."""
        ...


def targets() -> dict[str, Target]:
    """Every target by name."""
    return plugins(__name__, Target)


def target(name: str) -> Target:
    """The target called ``name``; NotFound names the others."""
    return plugin(__name__, Target, name)
