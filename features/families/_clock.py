"""Times of day and of the week (UTC) from float days."""

import narwhals as nw

from features.exact import per, whole
from features.windows import MICROSECONDS_A_DAY


def hour(at_days: nw.Expr) -> nw.Expr:
    """Hour of the day, 0 to 23."""
    # In whole microseconds: a fraction of a day is not exact, and 18:00 could come out as 17 o'clock.
    into_day = whole((at_days - at_days.floor()) * MICROSECONDS_A_DAY)
    return per(into_day, MICROSECONDS_A_DAY / 24).floor()


def weekday(at_days: nw.Expr) -> nw.Expr:
    """Day of the week, 0 (Monday) to 6."""
    since_monday = at_days.floor() + 3  # 1970-01-01 was a Thursday
    return since_monday - per(since_monday, 7).floor() * 7
