"""Where time is cut: calendar cutoffs, test folds, and the embargo of one horizon between learning and scoring.

All times are days since 1970-01-01 UTC. A label at cutoff t is known at t + horizon, so a model that is judged at
cutoff c may learn only from rows with t + horizon ≤ c.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from experiments.config import StudyConfig
from features.errors import HistoryTooShort

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> float:
    return float((day - EPOCH).days)


def day_of(days: float) -> date:
    """The UTC calendar day that contains ``days``."""
    return EPOCH + timedelta(days=math.floor(days))


def calendar_cutoffs(first_day: float, last_day: float, every: str) -> list[float]:
    """Midnights in [first_day, last_day]: every Monday, the 1st and 16th, or the 1st of each month.

    >>> first, last = day_number(date(2011, 1, 20)), day_number(date(2011, 3, 1))
    >>> [str(day_of(cutoff)) for cutoff in calendar_cutoffs(first, last, "half-month")]
    ['2011-02-01', '2011-02-16', '2011-03-01']
    """
    days = range(math.ceil(first_day), math.floor(last_day) + 1)
    return [float(n) for n in days if begins(day_of(n), every)]


def begins(day: date, every: str) -> bool:
    """Whether a week, half-month or month starts on this day."""
    if every == "week":
        return day.weekday() == 0
    return day.day in ((1, 16) if every == "half-month" else (1,))


def study_cutoffs(config: StudyConfig, first_at: float, last_at: float) -> list[float]:
    """The cutoffs at which a study's dataset looks at its customers, oldest first.

    A predict study: calendar cutoffs with enough history before and complete labels after. A segment study: one, the
    midnight after the last order. ``first_at`` and ``last_at`` are the times of the first and the last order.
    """
    if config.horizon_days is None:
        return [math.floor(last_at) + 1.0]
    # The last day is hardly ever complete, so labels are trusted up to its midnight only.
    data_end = float(math.floor(last_at))
    newest = data_end - config.horizon_days
    regular = calendar_cutoffs(first_at + config.cutoffs.min_history_days, newest, config.cutoffs.every)
    chosen = regular[-config.cutoffs.newest :]
    if not isinstance(config.cutoffs.test, int):
        named = [day_number(day) for day in config.cutoffs.test]
        regular = sorted({*regular, *named})
        chosen = [c for c in regular if c >= (regular[-config.cutoffs.newest :] + named)[0]]
    test = test_cutoffs(chosen, config.horizon_days, config.cutoffs.test, data_end)
    if not validation_folds(chosen, test[0], config.horizon_days, 1):
        raise too_short(config, first_at, data_end)
    return chosen


def test_cutoffs(
    cutoffs: Sequence[float], horizon_days: float, test: int | Sequence[date], data_end: float
) -> list[float]:
    """The newest ``test`` cutoffs whose labels are complete at ``data_end``, at least one horizon apart, oldest first.

    With dates instead of a number: exactly those, each of which must have complete labels.
    """
    complete = [c for c in sorted(cutoffs) if c + horizon_days <= data_end]
    if not isinstance(test, int):
        named = sorted(day_number(day) for day in test)
        for cutoff in named:
            if cutoff not in complete:
                raise HistoryTooShort(
                    f"test cutoff {day_of(cutoff)} needs labels up to {day_of(cutoff + horizon_days)}, "
                    f"data end on {day_of(data_end)}: name an earlier date in cutoffs.test"
                )
        return named
    chosen = spaced(complete, horizon_days, test)
    if len(chosen) < test:
        raise HistoryTooShort(
            f"{len(chosen)} test cutoffs with complete labels found, cutoffs.test asks for {test}: "
            f"lower cutoffs.test, shorten horizon_days ({horizon_days:g}) or load more history"
        )
    return chosen


def spaced(cutoffs: Sequence[float], apart_days: float, n: int) -> list[float]:
    """The newest ``n`` of sorted cutoffs that lie at least ``apart_days`` from each other, oldest first."""
    chosen: list[float] = []
    for cutoff in reversed(cutoffs):
        if len(chosen) < n and (not chosen or chosen[-1] - cutoff >= apart_days):
            chosen.append(cutoff)
    return chosen[::-1]


def training_mask(as_of: NDArray[np.float64], cutoff: float, horizon_days: float) -> NDArray[np.bool_]:
    """Rows whose label was known at ``cutoff``: the embargo."""
    return as_of + horizon_days <= cutoff


def validation_folds(cutoffs: Sequence[float], first_test: float, horizon_days: float, n: int) -> list[float]:
    """The newest ``n`` cutoffs, a horizon apart, that can be trained for and whose labels the first test cutoff knows.

    Parameters chosen on them have seen no label that the test will ask for.
    """
    oldest = min(cutoffs, default=math.inf)
    usable = [v for v in sorted(cutoffs) if v + horizon_days <= first_test and oldest + horizon_days <= v]
    return spaced(usable, horizon_days, n)


def folds(
    as_of: NDArray[np.float64], cutoffs: Sequence[float], horizon_days: float
) -> Iterator[tuple[float, NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each cutoff: itself, the rows to learn from, the rows to score."""
    for cutoff in cutoffs:
        yield cutoff, training_mask(as_of, cutoff, horizon_days), as_of == cutoff


def too_short(config: StudyConfig, first_at: float, data_end: float) -> HistoryTooShort:
    horizon = config.horizon_days or 0.0
    tests = config.cutoffs.test if isinstance(config.cutoffs.test, int) else len(config.cutoffs.test)
    need = config.cutoffs.min_history_days + (tests + 2) * horizon
    return HistoryTooShort(
        f"orders span {data_end - first_at:.0f} days, study {config.name} with a horizon of {horizon:g} days and "
        f"{tests} test cutoffs needs about {need:.0f}: shorten horizon_days, lower cutoffs.test or "
        "cutoffs.min_history_days, or load more history"
    )
