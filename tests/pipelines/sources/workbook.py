"""A workbook as small as Excel's format allows: sheets of text, numbers and dates."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMATS = '<xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/>'
STYLES = f"<styleSheet {MAIN}><cellXfs>{FORMATS}</cellXfs></styleSheet>"
EPOCH = datetime(1899, 12, 30)


def write_book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Write rows of cells a sheet."""
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    relationships = f'<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    with zipfile.ZipFile(path, "w") as book:
        types = (
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
        )
        book.writestr("[Content_Types].xml", types)
        start = f'<Relationship Id="b" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", relationships.format(start))
        book.writestr("xl/workbook.xml", f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{named}</sheets></workbook>')
        styles = f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
        book.writestr("xl/_rels/workbook.xml.rels", relationships.format(related + styles))
        book.writestr("xl/styles.xml", STYLES)
        for number, rows in zip(numbers, sheets.values(), strict=True):
            book.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(rows))


def _sheet(rows: Sequence[Sequence[Any]]) -> str:
    lines = (
        f'<row r="{n}">{"".join(_cell(f"{chr(65 + place)}{n}", value) for place, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, start=1)
    )
    return f"<worksheet {MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def _cell(place: str, value: Any) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return f'<c r="{place}" s="1"><v>{(moment - EPOCH).total_seconds() / 86400}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'
