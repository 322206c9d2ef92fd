"""Public holidays of countries and of their parts, states and the like, as the ``holidays`` package lists them.

A *place* is a country, or a part of one that has holidays of its own.
"""

import warnings
from collections import Counter, defaultdict
from datetime import timedelta
from functools import cache, lru_cache

import polars as pl

from features.countries import PARTS_OF_COUNTRIES, codes, names_of_subdivision, spellings, subdivisions
from features.windows import EPOCH

YEAR_DAYS = 365
AHEAD_DAYS = 30
EVE_DAYS = 7
"""How many days before a public holiday count as its eve."""
CALENDAR_WEEKS = 100_000
"""More than any week's number, so that calendar_n * CALENDAR_WEEKS + week is one number per calendar and week."""

Days = tuple[int, ...]
"""Days since 1970-01-01, ascending."""


@lru_cache(maxsize=4096)
def holiday_days(place: str, *years: int) -> Days:
    """The public holidays of a place: ``GB-SCT`` has Scotland's, ``GB`` those of the whole country or of most parts.

    So England's August bank holiday is one of the United Kingdom's, though Scotland has another. None for a country
    that the package does not know.
    """
    code, _, part = place.partition("-")
    parts = _parts().get(code)
    if parts is None:
        return ()
    if part:
        return _listed(code, part, years)
    times = Counter(day for each in parts for day in _listed(code, each, years))
    most = {day for day, n in times.items() if 2 * n > len(parts)}
    return tuple(sorted(most | set(_listed(code, None, years))))


@lru_cache(maxsize=8192)
def _listed(code: str, part: str | None, years: tuple[int, ...]) -> Days:
    import holidays  # a tenth of a second, and only shops that know countries need it

    with warnings.catch_warnings():
        # The package warns about years for which it lists no holidays.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(code, subdiv=part, years=years)
    return tuple(sorted((day - EPOCH.date()).days for day in found))


@cache
def _parts() -> dict[str, list[str]]:
    """The parts of each country that the package knows, states and the like; none where it knows only the whole."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


@cache
def _places() -> dict[str, float]:
    """A number for every place."""
    parts = {f"{code}-{part}" for code, found in _parts().items() for part in found} & subdivisions().keys()
    return {place: float(number) for number, place in enumerate(sorted({*codes().values(), *parts}))}


@cache
def countries() -> pl.DataFrame:
    """One row a name of a country: ``country`` (lower case), ``country_n``, and ``place_n``, which is a part's if that
    is what the name means."""
    numbers = _places()
    rows = [(name, numbers[code], numbers[PARTS_OF_COUNTRIES.get(name, code)]) for name, code in codes().items()]
    schema = {"country": pl.String, "country_n": pl.Float64, "place_n": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def parts() -> pl.DataFrame:
    """One row a name of a part of a country that has, or lies in a part that has, holidays of its own.

    ``country_n``, ``part`` (lower case), ``part_n`` (the number of the place). A name that means several places of one
    country is left out.
    """
    numbers, found = _places(), defaultdict(set)
    for code in subdivisions():
        if place := _place_of(code):
            for name in names_of_subdivision(code) | _aliases(place):
                found[place.partition("-")[0], name].add(place)
    rows = sorted((numbers[code], name, numbers[min(of)]) for (code, name), of in found.items() if len(of) == 1)
    schema = {"country_n": pl.Float64, "part": pl.String, "part_n": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _place_of(code: str | None) -> str | None:
    """The nearest part, itself or around it, that is a place: Scotland for Edinburgh."""
    while code is not None and code not in _places():
        code = subdivisions()[code]
    return code


@cache
def _aliases(place: str) -> set[str]:
    """Further names of the part that the ``holidays`` package knows."""
    import holidays

    code, _, part = place.partition("-")
    found = getattr(holidays.country_holidays(code), "subdivisions_aliases", {})
    return spellings(name for name, of in found.items() if of == part)


@lru_cache(maxsize=64)
def proximity(today: int) -> pl.DataFrame:
    """One row a place.

    ``place_n``, ``calendar_n`` (equal for places with the same holidays), ``next_days`` from ``today`` to the next
    public holiday (0: today is one), ``last_days`` since the last before it, ``ahead_n`` of them within AHEAD_DAYS. The
    days are null where there is none within a year.
    """
    calendars = _calendars(today)
    around = {number: _around(place, today) for place, number in _places().items()}
    rows = [(number, calendars[days], *_near(days, today)) for number, days in around.items()]
    names = ("place_n", "calendar_n", "next_days", "last_days", "ahead_n")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row")


@lru_cache(maxsize=64)
def weeks(today: int) -> pl.DataFrame:
    """Weeks (of EVE_DAYS) of the year up to ``today`` with a holiday in them or in the next, by calendar.

    ``calendar_week`` is ``calendar_n`` * CALENDAR_WEEKS + week: a join on one number takes half the time of one on two.
    ``last_holiday`` is the last in the week, ``next_holiday`` the first of the next week, null if none.
    """
    first, last = (today - YEAR_DAYS - 1) // EVE_DAYS, today // EVE_DAYS
    rows = [
        (number * CALENDAR_WEEKS + week, *near)
        for days, number in _calendars(today).items()
        for week, near in _by_week(days).items()
        if first <= week <= last
    ]
    names = ("calendar_week", "last_holiday", "next_holiday")
    return pl.DataFrame(sorted(rows), schema=dict.fromkeys(names, pl.Float64), orient="row")


def _by_week(days: Days) -> dict[int, tuple[int | None, int | None]]:
    """By week, its last holiday and the first of the next week."""
    last = {day // EVE_DAYS: day for day in days}
    following = {day // EVE_DAYS - 1: day for day in reversed(days)}
    return {week: (last.get(week), following.get(week)) for week in last.keys() | following.keys()}


@lru_cache(maxsize=64)
def _calendars(today: int) -> dict[Days, float]:
    """A number for each list of holidays that a place has around ``today``."""
    distinct = sorted({_around(place, today) for place in _places()})
    return {days: float(number) for number, days in enumerate(distinct)}


def _near(days: Days, today: int) -> tuple[int | None, int | None, float]:
    offsets = [day - today for day in days]
    ahead = [offset for offset in offsets if 0 <= offset <= YEAR_DAYS]
    behind = [-offset for offset in offsets if -YEAR_DAYS <= offset < 0]
    soon_n = float(sum(offset <= AHEAD_DAYS for offset in ahead))
    return min(ahead, default=None), min(behind, default=None), soon_n


def _around(place: str, today: int) -> Days:
    """Holidays of the year of ``today``, the one before and the one after."""
    year = (EPOCH + timedelta(days=today)).year
    return holiday_days(place, year - 1, year, year + 1)
