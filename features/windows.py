"""The only two time cuts: ``history`` looks back from ``as_of``, ``future`` looks ahead. Both are half-open.

Time is float days since 1970-01-01 UTC; it resolves one microsecond until after the year 2100.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import narwhals as nw

from features.errors import BadInput

Frame: TypeAlias = nw.LazyFrame[Any]
"""A lazy table on any engine."""

EPOCH = datetime(1970, 1, 1)
MICROSECONDS_A_DAY = 86_400_000_000


def history(table: Frame, as_of: float) -> Frame:
    """Rows strictly before ``as_of``, known and not yet corrected by then; an event at ``as_of`` is in the future.

    A null ``known_at_days`` means known as it happened, a null ``replaced_at_days`` that the row stands. A table
    without times (products) comes back whole.
    """
    known, replaced = nw.col("known_at_days"), nw.col("replaced_at_days")
    cuts = {
        "at_days": nw.col("at_days") < as_of,
        "known_at_days": known.is_null() | (known < as_of),
        "replaced_at_days": replaced.is_null() | (replaced >= as_of),
    }
    names = table.collect_schema().names()
    asked = [cut for name, cut in cuts.items() if name in names]
    return table.filter(*asked) if asked else table


def future(table: Frame, as_of: float, horizon_days: float) -> Frame:
    """Rows of ``[as_of, as_of + horizon_days)`` as finally known: a label is what happened, corrections included."""
    if not horizon_days > 0:
        raise BadInput(f"horizon_days is {horizon_days}, it must be above 0: give the days to look ahead")
    at = nw.col("at_days")
    ahead = table.filter((at >= as_of) & (at < as_of + horizon_days))
    if "replaced_at_days" in ahead.collect_schema().names():
        ahead = ahead.filter(nw.col("replaced_at_days").is_null())
    return ahead


def to_days(moment: datetime | date | str) -> float:
    """Days since 1970-01-01 UTC; a moment without a time zone is taken as UTC, a date as its midnight.

    >>> to_days("1970-01-02T12:00:00")
    1.5
    >>> to_days("1970-01-02T12:00:00+12:00")
    1.0
    """
    if isinstance(moment, str):
        moment = _parse(moment)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - EPOCH) // timedelta(microseconds=1) / MICROSECONDS_A_DAY


def to_datetime(days: float) -> datetime:
    """The moment ``days`` after 1970-01-01 in UTC, without a time zone, to the nearest microsecond.

    >>> to_datetime(1.5)
    datetime.datetime(1970, 1, 2, 12, 0)
    """
    return EPOCH + timedelta(microseconds=round(days * MICROSECONDS_A_DAY))


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is no ISO time: write it like 2011-09-01 or 2011-09-01T08:30:00Z") from None
