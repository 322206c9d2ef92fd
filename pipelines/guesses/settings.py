"""``source.toml`` for the guesses: files, formats of times, currency, each with a comment on what to check."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.guesses.content import Content
from pipelines.guesses.look import RawTable, Seen
from pipelines.guesses.mapping import Filled
from pipelines.guesses.select import NUMBERS
from pipelines.guesses.words import is_french
from pipelines.sources.read import is_csv

FRENCH_ZONE = "Europe/Paris"


@dataclass(frozen=True)
class Formats:
    """Formats of times that are not ISO 8601; ``unsure``: day and month cannot be told apart."""

    formats: tuple[str, ...]
    unsure: bool


def settings_of(name: str, raw: str, seen: Seen, filled: Sequence[Filled]) -> str:
    """The text of ``source.toml``; ``raw`` is the folder of the raw files as it is to be written."""
    used = _used(filled)
    names = [column.name for table in used for column in table.columns] + [table.pattern for table in used]
    french = is_french(names)
    currency, why = _currency(filled, french)
    formats = formats_of(filled, day_first=french or currency != "USD")
    zone = FRENCH_ZONE if french else "UTC"
    lines = [
        f"name = {_text(name)}",
        f"title = {_text(name.replace('_', ' ').capitalize())}",
        f"timezone = {_text(zone)}  # check: the zone of all times that do not carry their own offset",
        f"currency = {_text(currency)}  # {why}",
        f"raw = {_text(raw)}  # the folder of the raw files; --raw overrides it",
    ]
    if formats.formats:
        unsure = "  # check: no day above 12 was seen, so the month may come first" if formats.unsure else ""
        lines.append(f"time_formats = [{', '.join(map(_text, formats.formats))}]{unsure}")
    lines += [
        "",
        "[files]",
        "# An alias for each export. With a wildcard, a new file adds to those before; without one,",
    ]
    lines += ["# the file is a full export that takes the place of the one before."]
    lines += [f"{table.alias} = {_text(table.pattern)}" for table in used]
    lines += _left_out(seen, used)
    if sheets := [f"{table.alias} = {_text(table.sheet)}" for table in used if table.sheet]:
        lines += ["", "[sheets]", *sheets]
    if has_decimal_commas(filled):
        lines += ["", "[csv]", 'decimal = ","']
    return "\n".join([*lines, ""])


def has_decimal_commas(filled: Sequence[Filled]) -> bool:
    """Whether the numbers in all text files are read with a decimal comma, so that it is declared once."""
    contents = [
        match.column.content
        for each in filled
        for name, match in each.matches.items()
        if name in {*NUMBERS, "total"} and is_csv(each.raw.pattern)
    ]
    styles = {content.numbers for content in contents if not content.whole}
    return styles == {"comma"} and not any(content.currency for content in contents)


def _used(filled: Sequence[Filled]) -> list[RawTable]:
    found = [table for each in filled for table in (each.raw, *([each.header[0]] if each.header else []))]
    return list({table.alias: table for table in found}.values())


def _left_out(seen: Seen, used: Sequence[RawTable]) -> list[str]:
    """Comments on files that no SELECT reads."""
    rest = [table for table in seen.tables if table.alias not in {each.alias for each in used}]
    lines = [f"# Not used: {table.pattern} ({', '.join(column.name for column in table.columns)})" for table in rest]
    lines += [f"# Not read: {pattern}: {why}" for pattern, why in seen.unread.items()]
    return lines


def formats_of(filled: Sequence[Filled], day_first: bool) -> Formats:
    """The formats of all times that are used, each once.

    Where a column's days and months cannot be told apart, the others decide, and else ``day_first``.
    """
    times = [content.times for content in _times_used(filled)]
    needed = [formats for formats in times if formats and formats[0] != "iso" and not formats[0].startswith("epoch")]
    sure = [formats[0] for formats in needed if len(formats) == 1]
    starts = {_first(formats) for formats in sure}
    unsure = any(len(formats) > 1 for formats in needed) and not starts
    wanted = "%d" if (starts == {"%d"} or (not starts and day_first)) else "%m"
    chosen = [next((f for f in formats if _first(f) == wanted), formats[0]) for formats in needed]
    return Formats(tuple(dict.fromkeys(chosen)), unsure)


def _first(formats: str | Sequence[str]) -> str:
    text = formats if isinstance(formats, str) else formats[0]
    return text[:2]


def _times_used(filled: Iterable[Filled]) -> list[Content]:
    """Contents of the columns that are returned as times; a date beside a clock carries the clock's format."""
    found = []
    for each in filled:
        matches = {**(each.header[1] if each.header else {}), **each.matches}
        if each.header:
            matches |= {name: match for name, match in each.header[1].items() if name in {"at", "clock"}}
        for name, match in matches.items():
            content = match.column.content
            if name == "at" and "clock" in matches:
                content = _with_clock(content, matches["clock"].column.content)
            if name.endswith("at") or name == "known_at":
                found.append(content)
    return found


def _with_clock(date: Content, clock: Content) -> Content:
    seconds = any(level.count(":") == 2 for level in clock.levels)
    time = " %H:%M:%S" if seconds or not clock.levels else " %H:%M"
    times = tuple(text if text == "iso" else text + time for text in date.times)
    return Content(**{**vars(date), "times": times})


def _currency(filled: Sequence[Filled], french: bool) -> tuple[str, str]:
    """The currency and the reason for it."""
    for each in filled:
        if "currency" in each.matches:
            found = each.matches["currency"].column.content.levels
            known = [level.upper() for level in found if len(level) == 3 and level.isalpha()]
            if len(known) == 1:
                return known[0], "as the files say"
            if known:
                return known[0], f"check: the files have {', '.join(known)}; convert the prices, or keep one of them"
    signs = {match.column.content.currency for each in filled for match in each.matches.values()} - {None}
    if signs:
        return min(map(str, signs)), "as the signs beside the prices say"
    return ("EUR", "check: guessed from the language") if french else ("USD", "check: nothing says which")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
