"""Public holidays of countries, as the ``holidays`` package lists them."""

import warnings
from collections import Counter
from datetime import date, timedelta
from functools import cache, lru_cache

import polars as pl

from features.countries import codes
from features.windows import EPOCH

YEAR_DAYS = 365
AHEAD_DAYS = 30
EVE_DAYS = 7
"""How many days before a public holiday count as its eve."""
COUNTRY_DAYS = 1_000_000
"""More than any day's number, so that country_n * COUNTRY_DAYS + day is one number per country and day."""


@lru_cache(maxsize=4096)
def holiday_days(code: str, *years: int) -> tuple[int, ...]:
    """Days of ``years``, since 1970-01-01, that are public holidays in the whole country or in most of its parts.

    So England's August bank holiday is one of the United Kingdom's, though Scotland has another. None for a country
    that the package does not know.
    """
    import holidays  # a tenth of a second, and only shops that know countries need it

    parts = _parts().get(code)
    if parts is None:
        return ()
    with warnings.catch_warnings():
        # The package warns about years for which it lists no holidays.
        warnings.simplefilter("ignore")
        found = set(holidays.country_holidays(code, years=years))
        found |= _of_most(code, parts, years, found)
    return tuple(sorted((day - EPOCH.date()).days for day in found))


def _of_most(code: str, parts: list[str], years: tuple[int, ...], everywhere: set[date]) -> set[date]:
    """Holidays of most of the parts, beside those that are holidays ``everywhere``."""
    import holidays

    times: Counter[date] = Counter()
    for left, part in zip(reversed(range(len(parts))), parts, strict=True):
        times.update(holidays.country_holidays(code, subdiv=part, years=years).keys() - everywhere)
        # Most countries have no such day, which shows when half of their parts are read.
        if 2 * (max(times.values(), default=0) + left) <= len(parts):
            return set()
    return {day for day, n in times.items() if 2 * n > len(parts)}


@cache
def _parts() -> dict[str, list[str]]:
    """The parts of each country that the package knows, states and the like; none where it knows only the whole."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=64)
def proximity(today: int) -> pl.DataFrame:
    """One row a name of a country.

    ``country`` (lower case), ``country_n`` (equal for names of one country), ``next_days`` from ``today`` to the next
    public holiday (0: today is one), ``last_days`` since the last before it, ``ahead_n`` of them within AHEAD_DAYS. The
    days are null where there is none within a year.
    """
    near = {code: _near(code, today) for code in set(codes().values())}
    rows = [(name, *near[code]) for name, code in codes().items()]
    numbers = ("country_n", "next_days", "last_days", "ahead_n")
    schema = {"country": pl.String, **dict.fromkeys(numbers, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


@lru_cache(maxsize=64)
def eves(today: int) -> pl.DataFrame:
    """``country_day`` and ``eve`` (1): days of the year up to ``today`` that are soon followed by a holiday there.

    ``country_day`` is ``country_n`` * COUNTRY_DAYS + day: a join on one number takes half the time of one on two.
    """
    days = {
        (_numbers()[code], float(holiday - before))
        for code in set(codes().values())
        for holiday in _around(code, today)
        for before in range(1, EVE_DAYS + 1)
        if today - YEAR_DAYS - 1 <= holiday - before <= today
    }
    numbers = sorted(number * COUNTRY_DAYS + day for number, day in days)
    return pl.DataFrame({"country_day": numbers}, schema={"country_day": pl.Float64}).with_columns(eve=pl.lit(1.0))


def _near(code: str, today: int) -> tuple[float, int | None, int | None, float]:
    offsets = [day - today for day in _around(code, today)]
    ahead = [offset for offset in offsets if 0 <= offset <= YEAR_DAYS]
    behind = [-offset for offset in offsets if -YEAR_DAYS <= offset < 0]
    soon_n = float(sum(offset <= AHEAD_DAYS for offset in ahead))
    return _numbers()[code], min(ahead, default=None), min(behind, default=None), soon_n


def _around(code: str, today: int) -> tuple[int, ...]:
    """Holidays of the year of ``today``, the one before and the one after."""
    year = (EPOCH + timedelta(days=today)).year
    return holiday_days(code, year - 1, year, year + 1)


@cache
def _numbers() -> dict[str, float]:
    return {code: float(number) for number, code in enumerate(sorted(set(codes().values())))}
