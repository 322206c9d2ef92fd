"""Rows a week of each table, and a small picture of them in which gaps and floods stand out."""

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from statistics import median

import duckdb

from features.tables import TABLES

WIDTH, HEIGHT, FOOT = 460, 70, 16
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
    return _marked([Week(monday, counted.get(monday, 0)) for monday in mondays])


def _marked(weeks: list[Week]) -> list[Week]:
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


def chart(weeks: list[Week]) -> str:
    """Bars as inline SVG: one a week, gaps and floods coloured, the first and the last week and the peak named."""
    peak = max(week.rows for week in weeks)
    step = WIDTH / len(weeks)
    bars = "".join(_bar(week, place * step, step, peak) for place, week in enumerate(weeks))
    ends = (
        f'<text x="0" y="{HEIGHT + 12}">{weeks[0].monday}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 12}" text-anchor="end">{weeks[-1].monday}</text>'
        f'<text x="{WIDTH}" y="9" text-anchor="end">at most {peak:,} a week</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="Rows a week">'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>{bars}{ends}</svg>'
    )


def _bar(week: Week, left: float, step: float, peak: int) -> str:
    """A bar below the line of the peak's label; a gap has no bar to colour, so it is a mark under the axis."""
    height = (HEIGHT - 12) * week.rows / peak
    told = escape(f"week of {week.monday}: {week.rows:,} rows{', a ' + week.mark if week.mark else ''}")
    top, tall = (HEIGHT + 1, 4.0) if week.mark == "gap" else (HEIGHT - height, height)
    return (
        f'<rect class="{week.mark or "week"}" x="{left:.2f}" y="{top:.2f}" '
        f'width="{max(step - min(step * 0.2, 1.5), 0.5):.2f}" height="{tall:.2f}"><title>{told}</title></rect>'
    )
