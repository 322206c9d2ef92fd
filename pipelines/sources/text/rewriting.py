"""Reading a text block by block: whether its every line is a row, and a copy that has its rows alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from features.errors import BadTable
from pipelines.sources.text.lines import ListedLines, are_rows_like, find_lines, listed, marks_of
from pipelines.sources.text.records import Record, Table, read_record, with_looks

# A line may be this long before the file is taken for something else than text.
LONGEST_LINE = 1 << 26
LONGEST_SHOWN = 100_000


@dataclass(frozen=True)
class Refused:
    """Text that is no row: the number of its first line in the file (from 1), the reason, and the text itself."""

    line: int
    reason: str
    text: str


class Refusals(Protocol):
    """Where refused lines go."""

    def add(self, refused: Refused) -> None:
        """Take one more."""


def blocks(chunks: Iterable[bytes], skipped: int, name: str) -> Iterator[bytes]:
    r"""The text in blocks of whole lines without its first ``skipped`` lines; the last line gets a line end."""
    rest = b""
    for chunk, at_end in _with_end(chunks):
        rest += chunk
        while skipped and b"\n" in rest:
            rest, skipped = rest.partition(b"\n")[2], skipped - 1
        if skipped:
            continue
        end = rest.rfind(b"\n") + 1
        if at_end and end < len(rest):
            rest += b"\r\n" if rest.endswith(b"\r\n", 0, end) else b"\n"
            end = len(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LONGEST_LINE:
            raise BadTable(f"{name} has no line end in {LONGEST_LINE >> 20} MB: is it a text file?")


def is_plain(text: Iterable[bytes], table: Table, returns: bool) -> bool:
    """Whether every line of the text is a row and all end alike: with CR LF if ``returns``."""
    pattern, ended = b"", False
    for block in text:
        if ended:
            return False
        pattern = pattern or _pattern(block, table, returns)
        if pattern and are_rows_like(block, pattern, table.delimiter):
            continue
        lines = find_lines(block, table.delimiter, table.fields, table.comment, table.strict)
        # A blank line at the end of a file is none.
        ended = bool(lines.ends[-1] == lines.starts[-1])
        if (lines.returns != returns).any() or not lines.rows[: len(lines.rows) - ended].all():
            return False
    return True


def _pattern(block: bytes, table: Table, returns: bool) -> bytes:
    """Marks of the first line if it is a row and may stand for all others, else nothing."""
    line = block[: block.index(b"\n") + 1]
    lines = find_lines(line, table.delimiter, table.fields, table.comment, table.strict)
    may_stand = lines.rows[0] and lines.returns[0] == returns and not table.comment
    return marks_of(line, table.delimiter) if may_stand else b""


def rewrite(text: Iterable[bytes], table: Table, first_line: int, target: IO[bytes], refusals: Refusals) -> int:
    r"""Write the rows alone, in UTF-8 with ``\n``, and the refused lines to ``refusals``; the number of rows.

    ``first_line`` is the number of the text's first line in its file.
    """
    rows_n, rest, known = 0, b"", False
    for block, at_end in _with_end(text):
        block = rest + block
        lines = listed(find_lines(block, table.delimiter, table.fields, table.comment, table.strict))
        if not known and len(lines.odd) < len(lines.rows):
            table, known = with_looks(block, lines, table), True
        written, used = _rewrite_block(block, lines, table, first_line, at_end, target, refusals)
        rows_n += written
        first_line += used
        rest = block[lines.starts[used] :] if used < len(lines.starts) else b""
    return rows_n


def _with_end(text: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last."""
    before: bytes | None = None
    for block in text:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _rewrite_block(
    block: bytes, lines: ListedLines, table: Table, first_line: int, at_end: bool, target: IO[bytes], refusals: Refusals
) -> tuple[int, int]:
    """(rows written, lines used up)."""
    rows_n, done = 0, 0
    for number in lines.odd:
        if number < done:
            continue
        rows_n += _copy(block, lines, done, number, target)
        record = read_record(block, lines, number, table, at_end)
        if record is None:
            return rows_n, number
        for row in record.rows:
            target.write(_line(row, table.delimiter))
        rows_n += len(record.rows)
        if record.reason is not None:
            refusals.add(_refused(block, lines, number, record, first_line))
        done = number + record.lines
    return rows_n + _copy(block, lines, done, len(lines.starts), target), len(lines.starts)


def _copy(block: bytes, lines: ListedLines, first: int, stop: int, target: IO[bytes]) -> int:
    """Write lines that are rows as they are."""
    if first >= stop:
        return 0
    end = lines.starts[stop] if stop < len(lines.starts) else len(block)
    text = block[lines.starts[first] : end]
    target.write(text.replace(b"\r\n", b"\n") if lines.returns else text)
    return stop - first


def _refused(block: bytes, lines: ListedLines, number: int, record: Record, first_line: int) -> Refused:
    text = block[lines.starts[number] : lines.ends[number + record.lines - 1]]
    return Refused(first_line + number, str(record.reason), text[:LONGEST_SHOWN].decode("utf-8", "replace"))


def _line(fields: Iterable[bytes], delimiter: bytes) -> bytes:
    return delimiter.join(_field(field, delimiter) for field in fields) + b"\n"


def _field(field: bytes, delimiter: bytes) -> bytes:
    special = delimiter in field or b'"' in field or b"\n" in field or b"\r" in field
    return b'"' + field.replace(b'"', b'""') + b'"' if special else field
