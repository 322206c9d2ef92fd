"""Lines that are no rows by themselves, one at a time: what can be read of them, and why they are refused.

- Blank lines and comments are no rows and no refusals.
- Fields beyond the columns are no harm if all are blank; a row with too few is filled with blanks.
- A quoted value may go on over several lines. If lines inside it are rows by themselves, the quote that opens it is
  broken: its own line is refused, and the others are read.
- After a broken quote, lines up to the one with the next quote belong to it unless they are rows by themselves.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pipelines.sources.text.lines import LONGEST, REPLACED, ListedLines, is_utf8

TOO_MANY_FIELDS = "too_many_fields"
UNCLOSED_QUOTE = "unclosed_quote"
STRAY_QUOTE = "stray_quote"
INVALID_BYTES = "invalid_bytes"
LINE_TOO_LONG = "line_too_long"
REASONS = (TOO_MANY_FIELDS, UNCLOSED_QUOTE, STRAY_QUOTE, INVALID_BYTES, LINE_TOO_LONG)

SAMPLE = 1_000
DIGIT = re.compile(rb"\d")


class QuoteError(Exception):
    """A quoted value does not end as it must; ``reached_end``: the text ended before it did; ``place``: where."""

    def __init__(self, reason: str, reached_end: bool = False, place: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.reached_end, self.place = reason, reached_end, place


@dataclass(frozen=True)
class Record:
    """What begins at a line and takes so many ``lines``: ``rows`` of fields, or a ``reason`` to refuse, or nothing."""

    lines: int
    rows: Sequence[Sequence[bytes]] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Table:
    """What rows of a file look like.

    Of the first rows, ``numbered`` are the places of columns whose values all have a digit, and ``filled`` those that
    are never blank.
    """

    delimiter: bytes
    fields: int
    comment: bytes
    strict: bool
    numbered: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()

    def looks_like_row(self, fields: Sequence[bytes]) -> bool:
        """Whether fields that stand in text fit the columns, so that the text must be a row."""
        return len(fields) == self.fields and all(
            (place not in self.numbered or DIGIT.search(field)) if field.strip() else place not in self.filled
            for place, field in enumerate(fields)
        )


def with_looks(block: bytes, lines: ListedLines, table: Table) -> Table:
    """The table with what the first rows of a block look like."""
    first = islice((line for line, is_row in enumerate(lines.rows) if is_row), SAMPLE)
    rows = [parse(block, lines.starts[line], table.delimiter)[0] for line in first]
    filled: list[list[bytes]] = [[value for value in column if value.strip()] for column in zip(*rows, strict=True)]
    return replace(
        table,
        numbered=frozenset(place for place, values in enumerate(filled) if values and all(map(DIGIT.search, values))),
        filled=frozenset(place for place, values in enumerate(filled) if len(values) == len(rows)),
    )


def parse(block: bytes, start: int, delimiter: bytes) -> tuple[list[bytes], int]:
    r"""The fields of the record that begins at ``start``, and where the next begins; the block ends with ``\n``.

    A quote that does not begin a field is a character like any other.

    Raises:
        QuoteError: a quoted value does not end, or something follows its end.
    """
    fields, place = [], start
    while True:
        if block[place : place + 1] == b'"':
            field, place = _quoted(block, place + 1)
        else:
            newline = block.index(b"\n", place)
            found = block.find(delimiter, place, newline)
            end = found if found >= 0 else newline
            field, place = block[place:end], end
            if found < 0:
                field = field.removesuffix(b"\r")
        fields.append(field)
        if block.startswith(delimiter, place):
            place += 1
        elif block.startswith(b"\n", place):
            return fields, place + 1
        elif block.startswith(b"\r\n", place):
            return fields, place + 2
        else:
            raise QuoteError(STRAY_QUOTE, place=place)


def _quoted(block: bytes, start: int) -> tuple[bytes, int]:
    """The value that begins after an opening quote, and the place after the closing one."""
    limit = start + LONGEST
    end = block.find(b'"', start, limit)
    while end >= 0 and block[end + 1 : end + 2] == b'"':
        end = block.find(b'"', end + 2, limit)
    if end < 0:
        raise QuoteError(UNCLOSED_QUOTE, reached_end=limit >= len(block))
    return block[start:end].replace(b'""', b'"'), end + 1


def read_record(block: bytes, lines: ListedLines, first: int, table: Table, at_end: bool) -> Record | None:
    """What begins at line ``first``, which is no row by itself; None if it may go on beyond the block."""
    line = block[lines.starts[first] : lines.ends[first]]
    if not line.strip() or (table.comment and line.startswith(table.comment)):
        return Record(1)
    if len(line) > LONGEST:
        return Record(1, reason=LINE_TOO_LONG)
    try:
        fields, end = parse(block, lines.starts[first], table.delimiter)
    except QuoteError as broken:
        if broken.reached_end and not at_end:
            return None
        taken = _damaged(block, lines, first, line, table)
        # What the quote spoils may go on beyond the block.
        ends_with_block = first + taken == len(lines.starts) and len(block) - lines.starts[first] < LONGEST
        # The quote that seems to end the value belongs to a later row.
        never_ends = taken == 1 and broken.place > lines.ends[first]
        reason = UNCLOSED_QUOTE if never_ends else broken.reason
        return None if ends_with_block and not at_end else Record(taken, reason=reason)
    taken = bisect_left(lines.starts, end, lo=first) - first
    if taken > 1 and _swallows(block, lines, first, taken, len(fields), table):
        return Record(1, reason=UNCLOSED_QUOTE)
    if not _is_text(block[lines.starts[first] : end], table):
        return Record(taken, reason=INVALID_BYTES)
    return _fitted(block, lines, first, Record(taken, [fields]), table)


def _fitted(block: bytes, lines: ListedLines, first: int, found: Record, table: Table) -> Record:
    """The record with as many fields as there are columns, or why that cannot be."""
    line, fields = block[lines.starts[first] : lines.ends[first]], list(found.rows[0])
    if b"\r" in line and b'"' not in line:
        parts = [part.split(table.delimiter) for part in line.split(b"\r")]
        if all(len(part) == table.fields for part in parts):
            return Record(1, parts)
    while len(fields) > table.fields and not fields[-1].strip():
        fields.pop()
    if found.lines > 1 and len(fields) != table.fields:
        # Where a value of several lines ends at a wrong place, its quote is the fault.
        return Record(_damaged(block, lines, first, line, table), reason=UNCLOSED_QUOTE)
    if len(fields) > table.fields:
        return Record(1, reason=TOO_MANY_FIELDS)
    return Record(found.lines, [[*fields, *[b""] * (table.fields - len(fields))]])


def _is_text(text: bytes, table: Table) -> bool:
    return b"\0" not in text and is_utf8(text) and not (table.strict and REPLACED in text)


def _swallows(block: bytes, lines: ListedLines, first: int, taken: int, fields_n: int, table: Table) -> bool:
    """Whether the lines that a quoted value goes on over have rows among them."""
    inner = [line for line in range(first + 1, first + taken) if lines.rows[line]]
    if inner and fields_n != table.fields:
        return True
    if any(table.looks_like_row(parse(block, lines.starts[line], table.delimiter)[0]) for line in inner):
        return True
    last = block[lines.starts[first + taken - 1] : lines.ends[first + taken - 1]]
    # Of a value in the first column, what follows it is always a row's length.
    return table.delimiter in last.partition(b'"')[0] and table.looks_like_row(last.split(table.delimiter))


def _damaged(block: bytes, lines: ListedLines, first: int, line: bytes, table: Table) -> int:
    """Lines that a broken quote in the first of them spoils: an open value may end some lines below."""
    if line.count(b'"') % 2 == 0:
        return 1
    spoiled = 1
    for number in range(first + 1, len(lines.starts)):
        if _begins_row(block, lines, number, table):
            break
        if b'"' in block[lines.starts[number] : lines.ends[number]]:
            spoiled = number - first + 1
    return spoiled


def _begins_row(block: bytes, lines: ListedLines, number: int, table: Table) -> bool:
    """Whether what begins at a line fits the columns, be its quotes broken too, and does not swallow rows."""
    try:
        fields, end = parse(block, lines.starts[number], table.delimiter)
    except QuoteError:
        return table.looks_like_row(block[lines.starts[number] : lines.ends[number]].split(table.delimiter))
    taken = bisect_left(lines.starts, end, lo=number) - number
    fits = table.looks_like_row(fields)
    return fits and not (taken > 1 and _swallows(block, lines, number, taken, len(fields), table))
