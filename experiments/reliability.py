"""Are probabilities and levels right? Slope and level at every test cutoff and over all, with intervals of 90 %.

A slope of 1 on log odds means that probabilities lie as far apart as outcomes; a level of 1 that as much was predicted
as came. A season that passes moves the level of a single cutoff, so a model is judged by all of them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.contest import Scored
from experiments.rolling import Problem
from models.intervals import clustered_ratio, clustered_slope
from models.sample import Floats

SLOPES = (0.9, 1.1)
LEVELS = (0.95, 1.05)
NAN = float("nan")
ALL = "all"


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval of 90 %; nan where it is not defined."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    def outside(self, ends: tuple[float, float]) -> bool:
        """Whether the whole interval is."""
        return self.high < ends[0] or self.low > ends[1]


@dataclass(frozen=True)
class Reliability:
    """``about`` is a horizon in days, empty where there is one; ``cutoff`` is ``all`` for all together."""

    about: str
    cutoff: str
    rows: int
    slope: Interval
    level: Interval

    def fault(self) -> str:
        """What is wrong beyond chance, in words; empty if nothing is."""
        where = f" within {self.about} days" if self.about else ""
        if self.level.outside(LEVELS):
            return f"{self.level} times as much{where} was predicted as came"
        if self.slope.outside(SLOPES):
            return f"the slope of the probabilities{where} is {self.slope}, 1 is right"
        return ""


def reliability(problem: Problem, tested: Scored) -> list[Reliability]:
    """Of all test cutoffs together, then of each, the oldest first; for a curve, of every horizon."""
    each = [problem.target.levels(y, a, problem.question) for y, a in zip(tested.outcomes, tested.answers, strict=True)]
    names = [problem.name(key) for key in problem.tests]
    found = []
    for about in each[0]:
        parts = [levels[about] for levels in each]
        # Who was not observed for a horizon has no row there; in a test all are.
        customers = [_customers(problem, [key], len(y)) for key, (y, _) in zip(problem.tests, parts, strict=True)]
        y, expected = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
        everybody = _customers(problem, problem.tests, len(y))
        found.append(_measured(problem, about, ALL, y, expected, everybody))
        found += [
            _measured(problem, about, name, part[0], part[1], customer)
            for name, part, customer in zip(names, parts, customers, strict=True)
        ]
    return sorted(found, key=lambda one: one.cutoff != ALL)


def _customers(problem: Problem, keys: Sequence[float], rows: int) -> NDArray[np.int64]:
    found = problem.customers_at(keys)
    return found if len(found) == rows else np.arange(rows)


def _measured(
    problem: Problem, about: str, cutoff: str, y: Floats, expected: Floats, customer: NDArray[np.int64]
) -> Reliability:
    slope = clustered_slope(y, expected, customer) if problem.target.CHANCES else (NAN, NAN, NAN)
    return Reliability(about, cutoff, len(y), Interval(*slope), Interval(*clustered_ratio(expected, y, customer)))


def in_words(found: Sequence[Reliability]) -> tuple[bool, str]:
    """Whether the model is sound in this respect, and a sentence with its numbers."""
    whole = [each for each in found if each.cutoff == ALL]
    faults = [fault for each in whole if (fault := each.fault())]
    if faults:
        return False, "; ".join(faults)
    parts = []
    for each in whole:
        where = f"within {each.about} days " if each.about else ""
        slope = f" and the slope is {each.slope}" if each.slope.value == each.slope.value else ""
        parts.append(f"{where}{each.level} times as much was predicted as came{slope}")
    return True, "; ".join(parts)
