"""Times as shops write them: local or with an offset, in a declared format, or counted since 1970."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.sql import quoted

EPOCHS = {"epoch_s": "round({} * 1e6)", "epoch_ms": "round({} * 1e3)", "epoch_us": "{}", "epoch_ns": "round({} / 1e3)"}
"""Units of a count since 1970 (UTC), and the SQL that makes microseconds of it."""
# A count in a unit too small for it lies in January 1970, one in a unit too large thousands of years ahead.
PLAUSIBLE = "TIMESTAMP '1971-01-01' AND TIMESTAMP '2200-01-01'"
DIGITS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us", 19: "epoch_ns"}
# Functions whose result is UTC although its type carries no zone.
FROM_EPOCH = frozenset({"epoch_ms", "make_timestamp", "make_timestamp_ms", "make_timestamp_ns"})
# How other tools spell a format, longest first where one begins like another.
SPELLINGS = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dddd": "%A", "ddd": "%a", "dd": "%d",
    "d": "%d", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S",
    "SSSSSS": "%f", "SSS": "%g", "fff": "%g", "a": "%p", "tt": "%p", "A": "%p", "XXX": "%z", "Z": "%z",
}  # fmt: skip
# An offset after a space, and a comma before the fraction: ISO 8601 allows the one nearly, the other fully.
RESPELLED = ((r"(:\d\d),(\d+)", r"\1.\2"), (r"\s+([+-]\d\d(:?\d\d)?|Z)$", r"\1"))


@dataclass(frozen=True)
class TimeFormat:
    """How the times of one column are written; ``declared`` is a unit of ``EPOCHS``, a format, or None."""

    timezone: str
    formats: Sequence[str]
    declared: str | None = None
    counted: bool = False
    """The SELECT makes the column of a count since 1970, which is UTC."""


def instant(read: str, returned_type: str, format_: TimeFormat) -> str:
    """SQL of a UTC timestamp; what carries no offset is local time, because the session's time zone is the source's."""
    without_zone = returned_type.startswith(("TIMESTAMP", "DATE")) and "ZONE" not in returned_type
    if without_zone and (format_.counted or format_.timezone == "UTC"):
        found = f"TRY_CAST({read} AS TIMESTAMP)"
    else:
        found = f"make_timestamp(epoch_us({_with_zone(read, returned_type, format_)}))"
    ordinary = f"CASE WHEN isfinite({found}) THEN {found} END"
    if without_zone or "ZONE" in returned_type or format_.declared not in EPOCHS:
        return ordinary
    return f"coalesce({_counted(read, format_.declared)}, {ordinary})"


def _counted(read: str, unit: str) -> str:
    number = f"TRY_CAST({read} AS {'BIGINT' if unit in {'epoch_us', 'epoch_ns'} else 'DOUBLE'})"
    microseconds = EPOCHS[unit].format(number)
    found = f"TRY(make_timestamp(TRY_CAST({microseconds} AS BIGINT)))"
    return f"CASE WHEN {found} BETWEEN {PLAUSIBLE} THEN {found} END"


def _with_zone(read: str, returned_type: str, format_: TimeFormat) -> str:
    as_iso = f"TRY_CAST({read} AS TIMESTAMPTZ)"
    if returned_type != "VARCHAR":
        return as_iso
    own = [format_.declared] if format_.declared is not None and format_.declared not in EPOCHS else []
    listed = ", ".join(quoted(text) for text in [*own, *format_.formats])
    as_declared = [f"CAST(try_strptime({read}, [{listed}]) AS TIMESTAMPTZ)"] if listed else []
    respelled = read
    for pattern, replacement in RESPELLED:
        respelled = f"regexp_replace({respelled}, {quoted(pattern)}, {quoted(replacement)})"
    return f"coalesce({', '.join([*as_declared, as_iso, f'TRY_CAST({respelled} AS TIMESTAMPTZ)'])})"


def counted_columns(select: Mapping[str, Any]) -> frozenset[str]:
    """Columns (lower case) that a SELECT, here its parse tree, makes of a count since 1970: ``epoch_ms(n) AS at``."""
    listed = select.get("select_list", ())
    return frozenset(str(column.get("alias", "")).lower() for column in listed if _is_count(column))


def _is_count(expression: Mapping[str, Any]) -> bool:
    if expression.get("class") == "CAST":
        return _is_count(expression["child"])
    called = str(expression.get("function_name", "")).lower()
    return expression.get("class") == "FUNCTION" and called in FROM_EPOCH and len(expression["arguments"]) == 1


def check_format(format_: str) -> str:
    """The format itself.

    Raises:
        ValueError: DuckDB cannot read it; the message says how it is spelt.
    """
    if "%" not in format_:
        raise ValueError(f"{format_!r} is no time format: write {_spelt(format_)!r}")
    try:
        with duckdb.connect() as con:
            con.execute("SELECT try_strptime('', ?)", [format_])
    except duckdb.Error:
        raise ValueError(
            f"{format_!r} is no time format: use %Y %m %d %H %M %S and others of DuckDB's strptime, like %d/%m/%Y"
        ) from None
    return format_


def check_declared(declared: str) -> str:
    """A unit of ``EPOCHS`` or a format.

    Raises:
        ValueError: it is neither.
    """
    if declared in EPOCHS:
        return declared
    if "%" not in declared and not re.search(r"[dDyYmM]{2}", declared):
        raise ValueError(f"{declared!r} is neither {', '.join(EPOCHS)} nor a format like %d/%m/%Y")
    return check_format(declared)


def unit_of(text: str) -> str | None:
    """The unit of a count since 1970 that has as many digits; None if the text is no such count.

    >>> unit_of("1433221332117"), unit_of("13/01/2024")
    ('epoch_ms', None)
    """
    whole = text.strip().partition(".")[0]
    return DIGITS.get(len(whole)) if whole.isdigit() else None


def _spelt(format_: str) -> str:
    """A format of Java, .NET or moment.js as strptime spells it.

    >>> _spelt("dd/MM/yyyy HH:mm:ss"), _spelt("DD.MM.YYYY"), _spelt("mm/dd/yyyy hh:mm a")
    ('%d/%m/%Y %H:%M:%S', '%d.%m.%Y', '%m/%d/%Y %I:%M %p')
    """
    days = re.sub(r"Y+|D+", lambda found: found.group().lower(), format_)
    if "M" not in days:  # all in lower case: the month is the one that no colon touches
        days = re.sub(r"(?<![:m])mm?(?![:m])", lambda found: found.group().upper(), days, count=1)
    spelt = re.sub(r"([A-Za-z])\1*", lambda found: SPELLINGS.get(found.group(), found.group()), days.replace("'", ""))
    if "%p" not in spelt:
        spelt = spelt.replace("%I", "%H")
    return spelt if "%" in spelt else "%d/%m/%Y"
