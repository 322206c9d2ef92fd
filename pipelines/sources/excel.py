"""Excel workbooks: one sheet, by name, becomes a table of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from features.errors import BadTable
from pipelines.sources.cells import text_of_cell, unique_names, write_texts
from pipelines.sql import quoted

ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
HEADER_WITHIN = 20
"""Rows in which the header is looked for: it is the first that fills half of the sheet's width; titles do not."""


@dataclass(frozen=True)
class ExcelReader:
    """Reads workbooks from ``copies`` of a ``sheet`` (path of the workbook: Parquet file); None: of the only one."""

    sheet: str | None
    copies: dict[Path, Path] = field(repr=False)

    def over(self, paths: Sequence[Path]) -> str:
        """SQL that reads these workbooks; every column is text."""
        listed = ", ".join(quoted(str(self.copies[path])) for path in paths)
        return f"read_parquet([{listed}], union_by_name = true)"


def excel_reader(paths: Sequence[Path], alias: str, sheet: str | None, folder: Path) -> ExcelReader:
    """Copy a sheet of each workbook into ``folder``.

    Raises:
        BadTable: a workbook cannot be read, has no such sheet, or has several and none is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copies = {}
    for number, path in enumerate(paths):
        copies[path] = folder / f"{alias}-{number}.parquet"
        rows = [*_rows(path, alias, sheet)]
        at = _header_at(rows)
        filled = [row for row in rows[at + 1 :] if any(text_of_cell(cell) for cell in row)]
        write_texts(copies[path], unique_names([text_of_cell(cell) for cell in rows[at]] if rows else []), filled)
    return ExcelReader(sheet, copies)


def cells_of(path: Path) -> Iterator[str]:
    """The text of every cell of every sheet."""
    with _opened(path) as workbook:
        for name in workbook.sheet_names:
            for row in workbook.get_sheet_by_name(name).iter_rows():
                yield from (text for cell in row if (text := text_of_cell(cell)) is not None)


def filled_sheets(path: Path) -> list[str]:
    """The names of the sheets that have a row."""
    with _opened(path) as workbook:
        return [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).height]


def _rows(path: Path, alias: str, sheet: str | None) -> Iterator[list[Any]]:
    with _opened(path) as workbook:
        names = workbook.sheet_names
        known = ", ".join(names)
        if sheet is not None and sheet not in names:
            raise BadTable(f"{path.name} has no sheet {sheet!r}: name one of {known} in [sheets] of source.toml")
        filled = [sheet] if sheet else [name for name in names if workbook.get_sheet_by_name(name).height]
        if len(filled) > 1:
            raise BadTable(f'{path.name} has the sheets {known}: name one in source.toml, as [sheets] {alias} = "…"')
        if filled:
            yield from workbook.get_sheet_by_name(filled[0]).iter_rows()


def _opened(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise BadTable(f"cannot read {path.name} as a workbook ({error}): save it again as .xlsx") from None


def _header_at(rows: Sequence[Sequence[Any]]) -> int:
    filled = [sum(text_of_cell(cell) is not None for cell in row) for row in rows]
    width = max(filled, default=0)
    return next((place for place, n in enumerate(filled[:HEADER_WITHIN]) if n and 2 * n >= width), 0)
