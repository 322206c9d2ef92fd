"""Evaluating a trial: its value and scores, or the reason why its parameters could not be fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import CoterieError

Values = tuple[float, ...]
Evaluate = Callable[
    [str, Mapping[str, Any]], tuple[Values, dict[str, float]] | tuple[Values, dict[str, float], NDArray[np.float64]]
]
"""From a candidate and its parameters to the values that the search compares, one an objective, scores, and, if two
trials are to be compared row by row, losses; it can be pickled."""
LIMIT = "over_"
"""Begins the names of scores that say by how much a limit is exceeded: the search prefers trials with none above 0."""


@dataclass(frozen=True)
class Outcome:
    """``values`` are what the search compares; None, with a ``reason``, if the parameters could not be fitted.

    ``losses`` per row are for the process that searches, and are not stored.
    """

    values: Values | None
    scores: dict[str, float]
    reason: str
    started: datetime
    finished: datetime
    losses: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Objective:
    """An evaluation whose result is an outcome, also if the parameters cannot be fitted."""

    evaluate: Evaluate

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> Outcome:
        started = datetime.now()
        try:
            values, scores, *losses = self.evaluate(candidate, params)
        except (CoterieError, ArithmeticError, np.linalg.LinAlgError) as error:
            # Parameters that cannot be fitted are a result; any other exception is a bug and must be seen.
            return Outcome(None, {}, str(error), started, datetime.now())
        if not np.isfinite(values).all():
            return Outcome(None, scores, "the value of this trial is not a number", started, datetime.now())
        return Outcome(values, scores, "", started, datetime.now(), *losses)


def mean_scores(found: list[dict[str, float]]) -> dict[str, float]:
    """Each score's mean over folds; nan if it is nan in any fold."""
    return {name: float(np.mean([scores[name] for scores in found])) for name in found[0]}
