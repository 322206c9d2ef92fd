"""``coterie check``: a source's files, its columns, and what each SELECT makes of them; nothing is written."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from pipelines.commands import typed
from pipelines.sources.meanings import meaning
from pipelines.sources.preview import FilesPreview, TablePreview, opened, preview
from pipelines.sources.source import load_source
from pipelines.steps.tables import as_text, cell

MOST_FILES = 3


def check_source(name_or_path: str, raw: Path | None) -> dict[str, Any]:
    """Look at every alias and every SELECT.

    ``fits`` is false if ingest would refuse the source as it is, or would reject most rows of a table (``loses``).
    """
    source = load_source(name_or_path)
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    with opened(source, raw) as (con, files):
        # A SELECT over files that cannot be read would complain about the files once more.
        tables = [] if any(each.error for each in files) else [preview(con, source, t, tomorrow) for t in source.sql]
    errors = [error for error in (*(f.error for f in files), *(t.error for t in tables)) if error]
    loses = [table for table in tables if table.loses_most]
    verdict = _verdict((name_or_path, *(("--raw", raw) if raw else ())), errors, loses)
    return {
        "source": source.name,
        "files": {each.alias: asdict(each) for each in files},
        "tables": {each.table: {**asdict(each), "kept": each.kept} for each in tables},
        "errors": errors,
        "loses": [table.table for table in loses],
        "fits": not errors and not loses,
        "message": "\n".join([*map(_files_text, files), *map(_table_text, tables), verdict]),
    }


def _files_text(files: FilesPreview) -> str:
    names = ", ".join(files.files[:MOST_FILES])
    if (more := len(files.files) - MOST_FILES) > 0:
        names += f" and {more} more"
    if files.error:
        return f"{files.alias}: {files.error}\n"
    if not files.files:
        return f"{files.alias}: no file, which may be missing: read as empty\n"
    columns = list((files.columns or {}).items())
    filled = [place for place in range(len(columns)) if any(row[place] not in (None, "") for row in files.first)]
    labels = [name if type_ == "VARCHAR" else f"{name} ({type_.lower()[:24]})" for name, type_ in columns]
    shown = _transposed([labels[place] for place in filled], [[row[place] for place in filled] for row in files.first])
    rest = ", ".join(label for place, label in enumerate(labels) if place not in filled)
    notes = [f"  empty in these rows: {rest}"] if rest else []
    notes += [f"  lines that are no rows: {n:,} {reason}: {meaning(reason)}" for reason, n in files.refused.items()]
    notes += [
        f"  {name} is read as {encoding}, which nobody declared: set encoding under [csv] in source.toml"
        for name, encoding in list(files.guessed.items())[:MOST_FILES]
    ]
    return "\n".join([f"{files.alias}: {names}", shown, *notes, ""])


def _table_text(table: TablePreview) -> str:
    if table.error:
        return f"{table.table}.sql: {table.error}\n"
    span = f", from {table.span[0]:%Y-%m-%d} to {table.span[1]:%Y-%m-%d}" if table.span else ""
    share = f" ({_percent(table.kept, table.rows)})" if table.rejects else ""
    lines = [f"{table.table}.sql: {table.kept:,} of the first {table.rows:,} rows{share} would be stored{span}"]
    lines += [f"  {n:,} rejected, {_why(table, reason)}" for reason, n in (table.rejects or {}).items()]
    lines += [f"  always empty: {', '.join(table.empty)}"] if table.empty and table.kept else []
    return "\n".join([*lines, _transposed(table.columns, table.first), ""])


def _transposed(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A row of text for each column, with its values in the first rows side by side."""
    table = Table(box=None, show_header=False, pad_edge=True, padding=(0, 2, 0, 2))
    for _ in range(len(rows) + 1):
        table.add_column(overflow="fold")
    for place, name in enumerate(names):
        table.add_row(name, *(cell(row[place]) for row in rows))
    return as_text(table)


def _percent(part: int, whole: int) -> str:
    """A share in whole percent, rounded so that only none is 0 % and only all is 100 %."""
    share = 100 * part / whole
    return f"{min(max(round(share), 1), 99) if 0 < part < whole else round(share)} %"


def _why(table: TablePreview, reason: str) -> str:
    example = f", such as {shown!r}" if (shown := table.examples.get(reason)) else ""
    return f"{reason}{example}: {meaning(reason)}"


def _verdict(source: Sequence[object], errors: Sequence[str], loses: Sequence[TablePreview]) -> str:
    """In words; ``source`` are the arguments that name it."""
    if errors:
        return f"coterie ingest would refuse this source for {len(errors)} of the reasons above"
    if loses:
        lost = ", ".join(f"{table.table} ({_percent(table.rows - table.kept, table.rows)})" for table in loses)
        first = loses[0]
        main = max(first.rejects or {}, key=lambda reason: (first.rejects or {})[reason])
        return (
            f"most rows of {lost} would be rejected, which is rather a wrong SELECT or setting than wrong rows: begin "
            f"with {main} in {first.table}.sql, then run `{typed('check', *source)}` again"
        )
    return f"coterie ingest takes this source: if the rows above are right, run `{typed('ingest', *source)}`"
