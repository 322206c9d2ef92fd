"""What a text file is: its encoding, line ends, delimiter, and where its rows begin under which names."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import BadTable
from pipelines.sources.source import CsvOptions

DELIMITERS = (",", ";", "\t", "|")
HEAD_LINES = 200
HEADER_LINES = 20
SEP = re.compile(r'"?sep=(.)"?;*,*\s*', re.IGNORECASE)
# A number or a date, as no column is named; four digits alone may be a year, and years are names of columns.
VALUE = re.compile(r"(?!\d{4}$)[-+]?[\d.,]*\d|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written. ``skipped``: physical lines before the first row (preamble, ``sep=``, header).

    ``named``: the names of the columns are from a header; else they are ``column0``, ``column1``, ...
    ``returns``: the skipped lines end with CR LF; None if only some do, or if the header goes over several lines.
    """

    encoding: str
    newline: str
    delimiter: str
    columns: tuple[str, ...]
    skipped: int
    named: bool
    returns: bool | None


def find_encoding(head: bytes, declared: str | None) -> str:
    """A byte-order mark decides; else what is declared; else UTF-16 shows by its zero bytes, and the rest is UTF-8."""
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    if declared is not None:
        return declared
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 5:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def find_newline(text: str) -> str:
    r"""``\r`` if it is the only line end there is (old Macintosh), else ``\n``, which may have a ``\r`` before it."""
    return "\r" if "\r" in text and "\n" not in text else "\n"


def find_dialect(text: str, encoding: str, csv: CsvOptions, name: str) -> Dialect:
    """The dialect of a file from its first lines, whose last one may be cut.

    Raises:
        BadTable: there is no line that could be a header or a row.
    """
    newline = find_newline(text)
    ended = text.split(newline)
    lines = [line.removesuffix("\r") for line in ended]
    first = csv.skip or 0
    separator = SEP.fullmatch(lines[first]) if first < len(lines) else None
    first += separator is not None
    shown = lines[first : first + HEAD_LINES]
    if not any(_is_line(line, csv.comment) for line in shown):
        raise BadTable(f"{name} has no rows: export it again")
    delimiter = csv.delimiter or (separator[1] if separator else find_delimiter(shown, csv.comment))
    first += _first_line(shown, delimiter, csv)
    header_n = _lines_of(lines[first:])
    cells = split("\n".join(lines[first : first + header_n]), delimiter)
    named = csv.header if csv.header is not None else not _are_values(cells)
    columns = column_names(cells) if named else tuple(f"column{place}" for place in range(len(cells)))
    skipped = first + (header_n if named else 0)
    endings = {line.endswith("\r") for line in ended[:skipped]}
    returns = None if len(endings) > 1 or header_n > 1 else any(endings)
    return Dialect(encoding, newline, delimiter, columns, skipped, named, returns)


def find_delimiter(lines: Sequence[str], comment: str | None) -> str:
    """The delimiter by which most lines have the same number of cells, of several the one with the most cells.

    Quoted text does not count.
    """
    best, chosen = (0.0, 0), ","
    shown = [line for line in lines if _is_line(line, comment)]
    for delimiter in DELIMITERS:
        usual, n = Counter(len(split(line, delimiter)) for line in shown).most_common(1)[0]
        found = (round(n / len(shown), 1), usual)
        if usual > 1 and found > best:
            best, chosen = found, delimiter
    return chosen


def _is_line(line: str, comment: str | None) -> bool:
    return bool(line.strip()) and not (comment and line.startswith(comment))


def _first_line(lines: Sequence[str], delimiter: str, csv: CsvOptions) -> int:
    """Where the header or the first row is, after blank lines, comments and titles, which fill few cells.

    Whoever says how much to ``skip`` knows that no titles follow.
    """
    shown = [(place, line) for place, line in enumerate(lines) if _is_line(line, csv.comment)]
    if csv.skip is None:
        usual = Counter(len(split(line, delimiter)) for _, line in shown).most_common(1)[0][0]
        for place, _ in shown:
            header = "\n".join(lines[place : place + _lines_of(lines[place:])])
            if 2 * sum(bool(cell.strip()) for cell in split(header, delimiter)) > usual:
                return place
    return shown[0][0]


def _lines_of(lines: Sequence[str]) -> int:
    """Physical lines of the header: a quoted name may go on over a few."""
    for n in range(1, min(len(lines), HEADER_LINES) + 1):
        if sum(line.count('"') for line in lines[:n]) % 2 == 0:
            return n
    return 1


def _are_values(cells: Sequence[str]) -> bool:
    """Whether the first line is a row already: half of its cells are numbers or dates."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return 2 * sum(bool(VALUE.fullmatch(cell)) for cell in filled) >= max(len(filled), 2)


def split(line: str, delimiter: str) -> list[str]:
    """The cells of one physical line; delimiters in quotes do not count, and a quote left open ends with the line."""
    if '"' not in line:
        return line.split(delimiter)
    cells, cell, quoted = [], "", False
    for part in re.split(f'("|{re.escape(delimiter)})', line):
        if part == '"' and (quoted or not cell.strip() or cell.endswith('"')):
            quoted = not quoted
            cell += part
        elif part == delimiter and not quoted:
            cells.append(cell)
            cell = ""
        else:
            cell += part
    return [_unquoted(cell) for cell in [*cells, cell]]


def _unquoted(cell: str) -> str:
    quoted = len(cell) > 1 and cell.startswith('"') and cell.endswith('"')
    return cell[1:-1].replace('""', '"') if quoted else cell


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of columns as DuckDB makes them: trimmed; ``column<i>`` for a blank one; ``_1`` after a name's second use.

    >>> column_names(["id ", "", "b", "B"])
    ('id', 'column1', 'b', 'B_1')
    """
    names: list[str] = []
    taken: Counter[str] = Counter()
    for place, cell in enumerate(cells):
        name = cell.strip() or f"column{place}"
        again = taken[name.lower()]
        taken[name.lower()] += 1
        while again and f"{name}_{again}".lower() in taken:
            again += 1
        if again:
            name = f"{name}_{again}"
            taken[name.lower()] += 1
        names.append(name)
    return tuple(names)
