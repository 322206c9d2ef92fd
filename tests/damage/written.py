"""Records as they are written into a text file, each with its fate, and the file that contains them."""

import gzip
import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.damage.shop import HEADER, Input, Line, Refusal, clean_lines


@dataclass(frozen=True)
class Record:
    """The text of a record, and its fate: a line that is kept, a reason, a copy, or (all else) no record at all.

    ``in_values``: the text is a row, and refused for what one of its values says.
    """

    text: str
    line: Line | None = None
    repaired: bool = False
    reason: str | None = None
    copy: bool = False
    in_values: bool = False


@dataclass(frozen=True)
class Style:
    """How a file is written: what stands between fields, which are quoted, how lines end, how it is packed."""

    delimiter: str = ","
    quote_all: bool = False
    newlines: tuple[str, ...] = ("\n",)
    ended: bool = True
    packing: str = ""

    def row(self, cells: Sequence[str]) -> str:
        """One record of these cells, without its line end."""
        return self.delimiter.join(self.cell(cell) for cell in cells)

    def cell(self, cell: str) -> str:
        """One cell, quoted if it must be."""
        if not (self.quote_all or set(cell) & {self.delimiter, '"', "\n", "\r"}):
            return cell
        return '"' + cell.replace('"', '""') + '"'


def any_style(rng: random.Random) -> Style:
    """A style drawn among those in use."""
    return Style(
        delimiter=rng.choice([",", ";", "\t", "|"]),
        quote_all=rng.random() < 0.3,
        newlines=rng.choice([("\n",), ("\r\n",), ("\n", "\r\n")]),
        ended=rng.random() < 0.7,
        packing=rng.choice(["", "", ".gz", ".zip"]),
    )


def whole(lines: Sequence[Line], style: Style) -> list[Record]:
    """Lines written as they are."""
    return [Record(style.row(line.cells()), line) for line in lines]


def changed(
    rng: random.Random, records: Sequence[Record], change: Callable[[Line], Record], n: int | None = None
) -> list[Record]:
    """Some of the records written in another way."""
    places = set(rng.sample(range(len(records)), n or rng.randint(1, 4)))
    return [
        change(record.line) if place in places and record.line is not None else record
        for place, record in enumerate(records)
    ]


def inserted(rng: random.Random, records: Sequence[Record], more: Sequence[Record]) -> list[Record]:
    """Further records at any places but the first, which tells what the file is."""
    found = list(records)
    for record in more:
        found.insert(rng.randint(1, len(found)), record)
    return found


def body(rng: random.Random, records: Sequence[Record], style: Style, top: Sequence[str] = ()) -> tuple[str, list[int]]:
    """The text of a file, ``top`` first, and the line (from 1) at which each record begins."""
    text, begins = "", []
    for each in [*top, *(record.text for record in records)]:
        begins.append(text.count("\n") + 1)
        text += each + rng.choice(style.newlines)
    return (text if style.ended else text.rstrip("\r\n")), begins[len(top) :]


def packed(content: bytes, packing: str, member: str) -> bytes:
    """The content as ``.gz``, as the one member of a ``.zip``, or as it is."""
    if packing == ".gz":
        return gzip.compress(content, 1, mtime=0)
    if packing != ".zip":
        return content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return out.getvalue()


def one_file(
    rng: random.Random,
    records: Sequence[Record],
    style: Style,
    header: Sequence[str] | None = HEADER,
    top: Sequence[str] = (),
    encoding: str = "utf-8",
    **fields: Any,
) -> Input:
    """The input of one file with these records below ``top`` and the header."""
    above = [*top, *([] if header is None else [style.row(header)])]
    text, begins = body(rng, records, style, above)
    name = f"lines.csv{style.packing}"
    called = f"{name}/inside.csv" if style.packing == ".zip" else name
    content = packed(text.encode(encoding, "surrogateescape"), style.packing, "inside.csv")
    return Input([{name: content}], **fates(records, called, begins), **fields)


def fates(records: Sequence[Record], file: str = "", begins: Sequence[int] = ()) -> dict[str, Any]:
    """What must become of the records, as fields of an input."""
    lines: Sequence[int | None] = begins or [None] * len(records)
    return {
        "kept": [record.line for record in records if record.line is not None],
        "repaired": sum(record.repaired for record in records),
        "duplicates": sum(record.copy for record in records),
        "rejected": [
            Refusal(record.reason) if record.in_values else Refusal(record.reason, file, line)
            for record, line in zip(records, lines, strict=True)
            if record.reason is not None
        ],
    }


def some(rng: random.Random, make: Callable[[int], Record], n: int | None = None) -> list[Record]:
    """A few records made by their number."""
    return [make(number) for number in range(n or rng.randint(1, 4))]


def few_lines(rng: random.Random, style: Style) -> list[Record]:
    """Clean lines as records."""
    return whole(clean_lines(rng), style)
