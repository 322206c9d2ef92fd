"""Cutoffs and folds: calendar cutoffs, test cutoffs, validation folds, and an embargo of one horizon between them.

All times are days since 1970-01-01 UTC. A label at cutoff t is known at t + horizon, so a model that is scored at
cutoff c may be fitted only on rows with t + horizon ≤ c.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from experiments.config import Cutoffs
from features.errors import HistoryTooShort

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> float:
    """The midnight that begins ``day``, in days since 1970-01-01 UTC."""
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


def next_midnight(at: float) -> float:
    """The first midnight after ``at``."""
    return math.floor(at) + 1.0


def begins(day: date, every: str) -> bool:
    """Whether a week, half-month or month starts on this day."""
    if every == "week":
        return day.weekday() == 0
    return day.day in ((1, 16) if every == "half-month" else (1,))


def study_cutoffs(wanted: Cutoffs, horizon_days: float, first_at: float, last_at: float) -> list[float]:
    """The cutoffs of a dataset, oldest first.

    These are calendar cutoffs with enough history before and complete labels after them: the newest ``wanted.newest``,
    and as many older ones as the horizon needs for the test, one validation fold and training rows before that.
    ``first_at`` and ``last_at`` are the times of the first and the last order. HistoryTooShort if that is not enough.
    A study that is tested by folds of customers has the one cutoff that it names.
    """
    if wanted.folds and not isinstance(wanted.test, int):
        return [day_number(wanted.test[0])]
    # The last day is hardly ever complete, so labels count only up to the midnight before it.
    data_end = float(math.floor(last_at))
    regular = calendar_cutoffs(first_at + wanted.min_history_days, data_end - horizon_days, wanted.every)
    if not isinstance(wanted.test, int):
        regular = sorted({*regular, *map(day_number, wanted.test)})
    test = test_cutoffs(regular, horizon_days, wanted.test, data_end)
    validation = validation_folds(regular, test[0], horizon_days, 1)
    if not validation:
        raise too_short(wanted, horizon_days, first_at, data_end)
    trained_on = [cutoff for cutoff in regular if cutoff + horizon_days <= validation[0]][-1]
    oldest = min(trained_on, regular[-wanted.newest :][0], test[0])
    return [cutoff for cutoff in regular if cutoff >= oldest]


def test_cutoffs(
    cutoffs: Sequence[float], horizon_days: float, test: int | Sequence[date], data_end: float
) -> list[float]:
    """The newest ``test`` cutoffs whose labels are complete at ``data_end``, oldest first.

    They are a horizon apart, or, if that leaves no validation fold before the first, a half, a third or a quarter of
    one. Then a customer's labels overlap, which intervals over customers allow for. If ``test`` has dates, these are
    the cutoffs. HistoryTooShort if there are too few, or a date has no complete labels.
    """
    complete = [c for c in sorted(cutoffs) if c + horizon_days <= data_end]
    if not isinstance(test, int):
        return named_cutoffs(complete, horizon_days, test, data_end)
    for divisor in (1, 2, 3, 4):
        chosen = spaced(complete, horizon_days / divisor, test)
        if len(chosen) == test and validation_folds(complete, chosen[0], horizon_days, 1):
            return chosen
    apart = spaced(complete, horizon_days, test)
    if len(apart) < test:
        raise HistoryTooShort(
            f"{len(apart)} test cutoffs with complete labels found, cutoffs.test asks for {test}: "
            f"lower cutoffs.test, shorten horizon_days ({horizon_days:g}) or load more history"
        )
    return apart


def named_cutoffs(complete: Sequence[float], horizon_days: float, test: Sequence[date], data_end: float) -> list[float]:
    """The dates as cutoffs, oldest first; HistoryTooShort for a date without complete labels."""
    named = sorted(day_number(day) for day in test)
    for cutoff in named:
        if cutoff not in complete:
            raise HistoryTooShort(
                f"test cutoff {day_of(cutoff)} needs labels up to {day_of(cutoff + horizon_days)}, "
                f"data end on {day_of(data_end)}: name an earlier date in cutoffs.test"
            )
    return named


def spaced(cutoffs: Sequence[float], apart_days: float, n: int) -> list[float]:
    """The newest ``n`` of the sorted cutoffs that are at least ``apart_days`` apart, or fewer, oldest first."""
    chosen: list[float] = []
    for cutoff in reversed(cutoffs):
        if len(chosen) < n and (not chosen or chosen[-1] - cutoff >= apart_days):
            chosen.append(cutoff)
    return chosen[::-1]


def validation_folds(cutoffs: Sequence[float], first_test: float, horizon_days: float, n: int) -> list[float]:
    """The newest ``n`` cutoffs, a horizon apart, with labels known at the first test and training rows before them.

    So the choice of parameters uses no label of the test.
    """
    oldest = min(cutoffs, default=math.inf)
    usable = [v for v in sorted(cutoffs) if v + horizon_days <= first_test and oldest + horizon_days <= v]
    return spaced(usable, horizon_days, n)


def too_short(wanted: Cutoffs, horizon_days: float, first_at: float, data_end: float) -> HistoryTooShort:
    """The error for a history too short for the test, a validation fold and training rows."""
    tests = wanted.test if isinstance(wanted.test, int) else len(wanted.test)
    need = wanted.min_history_days + (tests / 4 + 2.75) * horizon_days
    return HistoryTooShort(
        f"orders span {data_end - first_at:.0f} days, a horizon of {horizon_days:g} days and "
        f"{tests} test cutoffs need about {need:.0f}: shorten horizon_days, lower cutoffs.test or "
        "cutoffs.min_history_days, or load more history"
    )
