"""How values are written: numbers, ids and times."""

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.damage.shop import SELECT, Input, Line, clean_lines, kind
from tests.damage.written import Record, Style, any_style, one_file


def rewritten(
    rng: random.Random, lines: Sequence[Line], cells: Callable[[Line], list[str]], style: Style, **fields: Any
) -> Input:
    """A file of lines, whose cells are written in another way."""
    return one_file(rng, [Record(style.row(cells(line)), line) for line in lines], style, **fields)


def priced(line: Line, write: Callable[[Decimal], str]) -> list[str]:
    """The cells of a line with its amounts written in another way."""
    discount = "" if line.discount is None else write(line.discount)
    return [*line.cells()[:5], write(line.unit_price), discount]


@kind("decimal comma")
def decimal_comma(rng: random.Random) -> Input:
    """Declared once; in a comma file the value is quoted."""
    style = any_style(rng)
    return rewritten(
        rng, clean_lines(rng), lambda line: priced(line, lambda number: str(number).replace(".", ",")), style,
        keys={"csv": {"decimal": ","}},
    )  # fmt: skip


@kind("decimal comma that nobody declared")
def decimal_comma_undeclared(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    given = rewritten(
        rng, clean_lines(rng), lambda line: priced(line, lambda number: f"{number:.2f}".replace(".", ",")), style
    )
    return Input(given.deliveries, refused=("unreadable_unit_price", 'decimal = ","'))


@kind("thousands apart")
def thousands(rng: random.Random) -> Input:
    style = any_style(rng)
    lines = [replace(line, unit_price=line.unit_price * rng.choice([1, 1000, 10**6])) for line in clean_lines(rng)]
    decimal, apart, written = rng.choice(
        [(",", ".", "."), (",", " ", " "), (",", " ", "\u202f"), (",", " ", "\u00a0"), (".", ",", ","), (".", "'", "’")]
    )

    def write(number: Decimal) -> str:
        return f"{number:,.2f}".replace(",", "_").replace(".", decimal).replace("_", written)

    keys = {"csv": {"decimal": decimal, "thousands": apart}}
    return rewritten(rng, lines, lambda line: priced(line, write), style, keys=keys)


@kind("three digits after the dot in every price")
def three_decimals(rng: random.Random) -> Input:
    """Nobody can tell thousands from decimals: kept as they are written, with a finding."""
    style = any_style(rng)
    lines = [
        replace(line, unit_price=Decimal(f"{rng.randint(1, 9)}.{rng.randint(100, 999)}"), discount=None)
        for line in clean_lines(rng, 60)
    ]
    return rewritten(rng, lines, Line.cells, style, findings=frozenset({"orders.price_with_three_decimals"}))


@kind("ids with leading zeros, of many digits, or that look like numbers")
def odd_ids(rng: random.Random) -> Input:
    style = any_style(rng)
    ids = ["000123", "123456789012345678901", "9007199254740993", "1e5", "12.0", "0x1F", "+33612345678", "TRUE", "nan",
           "2024-01-05", "1_000", "-1", "inf", "1/2", str(uuid.UUID(int=rng.getrandbits(128))).upper()]  # fmt: skip
    lines = [replace(line, customer_id=rng.choice(ids)) for line in clean_lines(rng)]
    return rewritten(rng, lines, Line.cells, style)


def timed(line: Line, text: str) -> list[str]:
    """The cells of a line with its time written in another way."""
    return [*line.cells()[:2], text, *line.cells()[3:]]


@kind("times with an offset")
def offsets(rng: random.Random) -> Input:
    """±HHMM after a space as in Shopify's exports, ISO 8601 in its spellings."""
    style = any_style(rng)

    def write(line: Line) -> list[str]:
        minutes = rng.choice([0, 60, -300, 330, -210])
        there = line.at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
        text = rng.choice(["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"])
        return timed(line, there.strftime(text))

    return rewritten(rng, clean_lines(rng), write, style, keys={"timezone": "America/New_York"})


@kind("times in ISO 8601 spellings")
def iso_times(rng: random.Random) -> Input:
    style = any_style(rng)

    def write(line: Line) -> list[str]:
        day, text = rng.choice(["%Y-%m-%dT", "%Y-%m-%d "]), rng.choice(["%H:%M:%SZ", "%H:%M:%S", "%H:%M:%S.000Z"])
        return timed(line, line.at.strftime(rng.choice([day + text, "%Y-%m-%d %H:%M:%S,000"])))

    return rewritten(rng, clean_lines(rng), write, style)


EPOCHS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


@kind("times that count since 1970")
def epochs(rng: random.Random) -> Input:
    style = any_style(rng)
    unit = rng.choice(list(EPOCHS))

    def write(line: Line) -> list[str]:
        return timed(line, str(round(line.at.replace(tzinfo=UTC).timestamp()) * EPOCHS[unit]))

    keys = {"timezone": "Europe/Paris", "times": {"at": unit}}
    return rewritten(rng, clean_lines(rng), write, style, keys=keys)


@kind("times that count since 1970, undeclared or in another unit")
def wrong_epoch(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    unit, declared = rng.choice([("epoch_ms", None), ("epoch_s", "epoch_ms"), ("epoch_us", "epoch_s")])

    def write(line: Line) -> list[str]:
        return timed(line, str(round(line.at.replace(tzinfo=UTC).timestamp()) * EPOCHS[unit]))

    given = rewritten(rng, clean_lines(rng), write, style)
    keys = {"times": {"at": declared}} if declared else {}
    return Input(given.deliveries, keys=keys, refused=("unreadable_at", f'at = "{unit}"'))


@kind("times that the SELECT makes of a count")
def computed_epochs(rng: random.Random) -> Input:
    style = any_style(rng)

    def write(line: Line) -> list[str]:
        return timed(line, str(round(line.at.replace(tzinfo=UTC).timestamp()) * 1000))

    select = SELECT.replace('"when" AS "at"', 'epoch_ms(CAST("when" AS BIGINT)) AS "at"')
    return rewritten(rng, clean_lines(rng), write, style, keys={"timezone": "Europe/Paris"}, sql={"orders": select})


FORMATS = {
    "day first": "%d/%m/%Y %H:%M:%S", "month first": "%m/%d/%Y %H:%M:%S", "dots": "%d.%m.%Y %H:%M:%S",
    "twelve hours": "%m/%d/%Y %I:%M:%S %p", "month by name": "%d %b %Y %H:%M:%S", "packed": "%Y%m%d%H%M%S",
}  # fmt: skip


@kind("times in a declared format")
def formats(rng: random.Random) -> Input:
    style = any_style(rng)
    format_ = FORMATS[rng.choice(list(FORMATS))]
    keys = rng.choice([{"time_formats": [format_]}, {"times": {"at": format_}}])
    return rewritten(rng, clean_lines(rng), lambda line: timed(line, line.at.strftime(format_)), style, keys=keys)


@kind("times in a format that nobody declared")
def undeclared_format(rng: random.Random) -> Input:
    style = replace(any_style(rng), packing="")
    given = rewritten(rng, clean_lines(rng), lambda line: timed(line, line.at.strftime("%d.%m.%Y %H:%M:%S")), style)
    return Input(given.deliveries, refused=("unreadable_at", "set time_formats"))


@kind("local times of a zone with summer time")
def local_times(rng: random.Random) -> Input:
    style = any_style(rng)
    zone = rng.choice(["Europe/Paris", "America/New_York", "Australia/Sydney", "Asia/Kolkata"])
    lines = [replace(line, at=line.at + timedelta(days=rng.choice([0, 90, 200, 300]))) for line in clean_lines(rng)]
    # The hour that comes twice in autumn says nothing about which of the two it is.
    lines = [line for line in lines if _is_unambiguous(line.at, zone)]

    def write(line: Line) -> list[str]:
        return timed(line, f"{line.at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}")

    return rewritten(rng, lines, write, style, keys={"timezone": zone})


def _is_unambiguous(at: datetime, zone: str) -> bool:
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset()
