"""Rows a week of each table, and the bars of a small chart in which gaps and floods stand out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import duckdb

from features.tables import TABLES

WIDTH, HEIGHT, FOOT, LABEL = 460, 70, 16, 12
NEAR_WEEKS = 4
GAP_TIMES, FLOOD_TIMES = 0.1, 3.0
USUAL_MIN, SPREADS = 20, 4


@dataclass(frozen=True)
class Week:
    """Rows of the week that begins on ``monday``, and whether that is a ``gap`` or a ``flood`` among its neighbours."""

    monday: date
    rows: int
    mark: str = ""


def weeks_of(con: duckdb.DuckDBPyConnection, table: str) -> list[Week]:
    """Every week from the first row to the last; empty for tables without a time."""
    time = TABLES[table].time
    if time is None:
        return []
    found = con.execute(
        f"""SELECT CAST(date_trunc('week', "{time}") AS DATE) AS monday, count(*) FROM staged."{table}"
        WHERE reason IS NULL GROUP BY monday ORDER BY monday"""
    ).fetchall()
    if not found:
        return []
    counted = dict(found)
    weeks_n = (found[-1][0] - found[0][0]).days // 7 + 1
    mondays = [found[0][0] + timedelta(weeks=n) for n in range(weeks_n)]
    return marked([Week(monday, counted.get(monday, 0)) for monday in mondays])


def marked(weeks: list[Week]) -> list[Week]:
    """Marked against the median of the weeks around; the first and the last week may be cut and are not.

    A mark also needs to be far beyond how much the weeks of this table differ, so that a table of bursts has none.
    """
    usual = [_usual(weeks, place) for place in range(len(weeks))]
    spread = 1.4826 * median(abs(week.rows - level) for week, level in zip(weeks, usual, strict=True))
    last = len(weeks) - 1
    return [
        Week(week.monday, week.rows, _mark(week.rows, usual[place], spread) if 0 < place < last else "")
        for place, week in enumerate(weeks)
    ]


def _usual(weeks: list[Week], place: int) -> float:
    near = weeks[max(place - NEAR_WEEKS, 0) : place] + weeks[place + 1 : place + 1 + NEAR_WEEKS]
    return median(other.rows for other in near) if near else float(weeks[place].rows)


def _mark(rows: int, usual: float, spread: float) -> str:
    if usual < USUAL_MIN or abs(rows - usual) < SPREADS * spread:
        return ""
    return "gap" if rows < GAP_TIMES * usual else "flood" if rows > FLOOD_TIMES * usual else ""


@dataclass(frozen=True)
class Bar:
    """A week's bar in the chart, in the units of its view box."""

    week: Week
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars, one a week, below the line of the label that names their ``peak``."""

    bars: Sequence[Bar]
    peak: int
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = FOOT


def chart(weeks: Sequence[Week]) -> Chart:
    """The weeks as bars; there must be at least one week with rows."""
    peak = max(week.rows for week in weeks)
    step = WIDTH / len(weeks)
    return Chart([_bar(week, place * step, step, peak) for place, week in enumerate(weeks)], peak)


def _bar(week: Week, left: float, step: float, peak: int) -> Bar:
    """A gap has no bar that could be coloured, so it is a mark under the axis."""
    height = (HEIGHT - LABEL) * week.rows / peak
    top, tall = (HEIGHT + 1, 4.0) if week.mark == "gap" else (HEIGHT - height, height)
    return Bar(week, left, top, max(step - min(step * 0.2, 1.5), 0.5), tall)
