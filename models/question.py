"""The question a model answers: does a task's outcome occur, when, or how much of it, within one or more horizons?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Question:
    """``target`` is the kind of answer, ``outcome`` what a label records, ``horizons`` are days ahead, ascending.

    ``unit`` is the unit of an amount ("currency" is the shop's own), empty for other kinds of answers.
    """

    task: str
    target: str
    outcome: str
    horizons: tuple[float, ...]
    unit: str = ""

    @property
    def horizon_days(self) -> float:
        """The longest horizon: labels are complete this many days after their cutoff."""
        return self.horizons[-1]

    @staticmethod
    def of(state: Mapping[str, Any]) -> "Question":
        """The question from its ``dataclasses.asdict``, also after a round trip through JSON."""
        return Question(**{**state, "horizons": tuple(map(float, state["horizons"]))})

    @staticmethod
    def of_version_0_2(task: str, outcome: str, horizon_days: float) -> "Question":
        """As datasets and artifacts of 0.2 and before have it: with a probability for its answer, one horizon."""
        return Question(task, "binary", outcome, (float(horizon_days),))

    def __str__(self) -> str:
        days = " and ".join(f"{days:g}" for days in self.horizons)
        return f"{self.task} ({self.outcome}) at {days} days"
