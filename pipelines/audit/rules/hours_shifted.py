"""The hours of the day move by whole hours from one month to the next: local times here, UTC there."""

import itertools
from collections import Counter

import duckdb
import numpy as np
import numpy.typing as npt

from pipelines.audit.clock import has_times, hours_of
from pipelines.audit.finding import Found

CODE = "any.hours_shifted"
TITLE = "Rows of months whose hours are shifted"
ADVICE = "Compare the export of these months with the others: one of them is in UTC, or was written by a wrong clock."
TABLES = ("orders", "events")
ROWS_MIN = 300
APART_MIN = 0.15
EXPLAINED = 0.4
HourCounts = npt.NDArray[np.int64]
"""(24,): rows of one month by local hour."""


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if not has_times(con, table):
        return None
    counted = con.execute(
        f"""SELECT date_diff('month', DATE '1970-01-01', hour) AS month, hour(hour) AS clock, CAST(sum(rows) AS BIGINT)
        FROM {hours_of(con, table)} GROUP BY month, clock ORDER BY month"""
    ).fetchall()
    months: dict[int, HourCounts] = {}
    for month, hour, rows_n in counted:
        months.setdefault(month, np.zeros(24, dtype=np.int64))[hour] = rows_n
    rows = _rows_off_the_usual_clock([counts for counts in months.values() if counts.sum() >= ROWS_MIN])
    return Found(rows) if rows else None


def _rows_off_the_usual_clock(months: list[HourCounts]) -> int:
    """Rows of the months whose clock differs from the clock of most rows."""
    shifts = [_shift(before, after) for before, after in itertools.pairwise(months)]
    rows_at: Counter[int] = Counter()
    for clock, counts in zip(itertools.accumulate(shifts, initial=0), months, strict=False):
        rows_at[clock % 24] += int(counts.sum())
    return rows_at.total() - max(rows_at.values(), default=0)


def _shift(before: HourCounts, after: HourCounts) -> int:
    """Hours from one month's clock to the next, if shifting explains most of a large difference; else 0."""
    one, other = before / before.sum(), after / after.sum()
    apart = [float(np.abs(np.roll(one, hours) - other).sum()) for hours in range(24)]
    best = int(np.argmin(apart))
    return best if apart[0] > APART_MIN and apart[best] < EXPLAINED * apart[0] else 0
