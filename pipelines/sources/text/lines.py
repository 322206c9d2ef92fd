"""The physical lines of a block of text: which of them are rows by themselves, all at once.

A line is a row if it has as many fields as there are columns and its quotes open at the beginning of a field, close at
its end, and are doubled in between. Nothing that stands in another line can change that, so a broken quote never
spoils more than its own line. All other lines are looked at one by one (:mod:`pipelines.sources.text.records`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEWLINE, RETURN, QUOTE = b"\n"[0], b"\r"[0], b'"'[0]
# DuckDB refuses to read lines of more than 2,000,000 bytes.
LONGEST = 1_000_000
REPLACED = "\ufffd".encode()

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Lines:
    """Lines of a block: where each begins and ends (without its line end), whether it is a row, and which end in CR."""

    starts: Ints
    ends: Ints
    rows: Flags
    returns: Flags


@dataclass(frozen=True)
class ListedLines:
    """The same as lists, which Python reads faster one by one; ``returns``: some lines end in CR; ``odd``: no rows."""

    starts: list[int]
    ends: list[int]
    rows: list[bool]
    odd: list[int]
    returns: bool


def listed(lines: Lines) -> ListedLines:
    """The lines of a block for looking at some of them."""
    odd = np.flatnonzero(~lines.rows).tolist()
    return ListedLines(lines.starts.tolist(), lines.ends.tolist(), lines.rows.tolist(), odd, bool(lines.returns.any()))


def find_lines(block: bytes, delimiter: bytes, fields: int, comment: bytes, strict: bool) -> Lines:
    r"""The lines of a block that ends with ``\n``. ``strict``: U+FFFD marks what could not be decoded."""
    data = np.frombuffer(block, np.uint8)
    separators = (data == delimiter[0]) | (data == NEWLINE)
    if b'"' in block:
        ends, rows = _with_quotes(data, separators, delimiter[0], fields)
    else:
        ends, rows = _without_quotes(data, separators, fields)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    returns = np.zeros(len(ends), np.bool_)
    if b"\r" in block:
        returns = (data[ends - 1] == RETURN) & (ends > starts)
        if block.count(b"\r") > np.count_nonzero(returns):
            _exclude(rows, starts, np.setdiff1d(np.flatnonzero(data == RETURN), ends[returns] - 1))
    _exclude_undecoded(block, data, starts, ends, rows, strict)
    if comment:
        rows &= data[starts] != comment[0]
    rows &= ends - starts <= LONGEST
    return Lines(starts, ends - returns, rows, returns)


def _without_quotes(data: Any, separators: Flags, fields: int) -> tuple[Ints, Flags]:
    places = np.flatnonzero(separators)
    last = np.flatnonzero(data[places] == NEWLINE)
    return places[last], np.diff(last, prepend=-1) == fields


def _with_quotes(data: Any, separators: Flags, delimiter: int, fields: int) -> tuple[Ints, Flags]:
    places = np.flatnonzero(separators | (data == QUOTE))
    marks = data[places]
    last = np.flatnonzero(marks == NEWLINE)
    is_quote = marks == QUOTE
    # Quotes are counted from the beginning of each line: what is open in the line before is no matter.
    quotes = np.cumsum(is_quote, dtype=np.int32)
    before = np.concatenate([np.zeros(1, np.int32), quotes[last][:-1]])
    lengths = np.diff(last, prepend=-1)
    inside = ((quotes - np.repeat(before, lengths)) & 1).astype(np.bool_)
    outside_n = np.add.reduceat(((marks == delimiter) & ~inside).astype(np.int64), last - lengths + 1)
    rows = (outside_n == fields - 1) & ~inside[last]
    at, opens = places[is_quote], inside[is_quote]
    neighbour = data[np.where(opens, at - 1, at + 1)]
    legal = (neighbour == delimiter) | (neighbour == NEWLINE) | (neighbour == QUOTE)
    legal |= opens & (at == 0)
    legal |= ~opens & (neighbour == RETURN) & (data[np.minimum(at + 2, len(data) - 1)] == NEWLINE)
    ends = places[last]
    rows[np.searchsorted(ends, at[~legal])] = False
    return ends, rows


def _exclude(rows: Flags, starts: Ints, places: Ints) -> None:
    """Mark the lines with these bytes as no rows."""
    if len(places):
        rows[np.searchsorted(starts, places, side="right") - 1] = False


def _exclude_undecoded(block: bytes, data: Any, starts: Ints, ends: Ints, rows: Flags, strict: bool) -> None:
    if b"\0" in block:
        _exclude(rows, starts, np.flatnonzero(data == 0))
    if strict and REPLACED in block:
        _exclude(rows, starts, np.flatnonzero(data == REPLACED[0]))
    if not block.isascii() and not is_utf8(block):
        foreign = np.flatnonzero(np.logical_or.reduceat(data > 127, starts))
        for line in foreign:
            rows[line] &= is_utf8(block[starts[line] : ends[line]])


def marks_of(text: bytes, delimiter: bytes) -> bytes:
    """All of the text that separates or quotes (or is a zero byte), in its order."""
    return text.translate(None, bytes(set(range(256)).difference(b'"\r\n\0' + delimiter)))


def are_rows_like(block: bytes, pattern: bytes, delimiter: bytes) -> bool:
    """Whether every line of a block has the same marks, those of a row, and its quotes are in their places.

    Several times as fast as :func:`find_lines`, but False is no proof of the contrary. ``pattern``: marks of one row.
    """
    marks = marks_of(block, delimiter)
    rows = len(marks) // len(pattern)
    if marks != pattern * rows or not (block.isascii() or is_utf8(block)):
        return False
    return _quotes_are_at_ends(block, pattern, rows, delimiter) and not _has_long_line(block)


def _quotes_are_at_ends(block: bytes, pattern: bytes, rows: int, delimiter: bytes) -> bool:
    """The marks say which quotes open and which close; counting shows that all stand at the ends of fields."""
    quotes_n, between, ending = pattern.count(b'"'), b'"' + delimiter + b'"', pattern.lstrip(b'"' + delimiter)
    if not quotes_n:
        return True
    if quotes_n == 2 * (pattern.count(delimiter) + 1):
        separated = block.count(between) == rows * pattern.count(delimiter)
        ended = block.count(b'"' + ending + b'"') == rows - 1
        return separated and ended and block.startswith(b'"') and block.endswith(b'"' + ending)
    opening = block.count(delimiter + b'"') + block.count(b'\n"') + block.startswith(b'"')
    closing = block.count(b'"' + delimiter) + block.count(b'"' + ending)
    return 2 * opening == rows * quotes_n == 2 * closing


def _has_long_line(block: bytes) -> bool:
    place = 0
    while len(block) - place > LONGEST:
        end = block.rfind(b"\n", place, place + LONGEST)
        if end < 0:
            return True
        place = end + 1
    return False


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
