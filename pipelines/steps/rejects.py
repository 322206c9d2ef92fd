"""``coterie rejects``: what the last ingest refused, and why."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.table import Table

from features.errors import NotFound
from pipelines.commands import typed
from pipelines.sources.meanings import meaning
from pipelines.sql import as_texts, connect, parquet
from pipelines.steps.tables import as_text, cell
from pipelines.workspace import Workspace

SHOWN = 20
SUMMARY = ("table", "reason", "rows", "meaning")


def rejects_summary(workspace: Workspace) -> dict[str, Any]:
    """How many rows of each table were refused for which reason."""
    rows = _counted(workspace)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in SUMMARY:
        table.add_column(name, overflow="fold", justify="right" if name == "rows" else "left")
    for row in rows:
        table.add_row(*map(_shown, row))
    nothing = f"nothing was refused at the last ingest into {workspace.home}"
    more = f"the rows themselves: `{typed('rejects', 'TABLE', home=workspace.home)}`, all of them with --csv"
    return {
        "rejects": [dict(zip(SUMMARY, row, strict=True)) for row in rows],
        "message": f"{as_text(table)}\n{more}" if rows else nothing,
    }


def rejected_rows(workspace: Workspace, table: str) -> dict[str, Any]:
    """The first refused rows of a table, as its SELECT returned them.

    Raises:
        NotFound: the last ingest refused no row of such a table, or did not fill it.
    """
    path = _file(workspace, table)
    with connect() as con:
        found = _rows(con, path)
        names = [column[0] for column in found.description or ()]
        first = found.fetchmany(SHOWN)
        (n,) = con.execute(f"SELECT count(*) FROM {parquet(path)}").fetchall()[0]
    listed = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        listed.add_column(name, overflow="fold")
    for row in first:
        listed.add_row(*map(cell, row))
    head = f"rows of {table} that were refused: {n:,}" + (f", the first {SHOWN} are" if n > SHOWN else "")
    meanings = [
        f"  {reason}: {meaning(reason)}" for reason in dict.fromkeys(row[0] for row in first) if meaning(reason)
    ]
    return {
        "table": table,
        "rows": n,
        "first": [dict(zip(names, row, strict=True)) for row in first],
        "message": "\n".join([head, *meanings, as_text(listed)]),
    }


def write_csv(workspace: Workspace, table: str, out: TextIO) -> None:
    """Every refused row of a table as CSV, or the summary if no table is named."""
    writer = csv.writer(out, lineterminator="\n")
    if not table:
        writer.writerows([SUMMARY, *_counted(workspace)])
        return
    path = _file(workspace, table)
    with connect() as con:
        found = _rows(con, path)
        writer.writerow([column[0] for column in found.description or ()])
        for rows in _batches(found):
            writer.writerows(rows)


def _rows(con: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """The refused rows as text, their reason first."""
    names = [str(row[0]) for row in con.execute(f"DESCRIBE FROM {parquet(path)}").fetchall()]
    columns = as_texts(sorted(names, key=lambda name: name != "reason"))
    return con.execute(f"SELECT {columns} FROM {parquet(path)}")


def _batches(found: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while rows := found.fetchmany(10_000):
        yield rows


def _counted(workspace: Workspace) -> list[tuple[str, str, int, str]]:
    """(table, reason, rows, meaning), most frequent reason of a table first."""
    with connect() as con:
        return [
            (path.stem, str(reason), int(n), meaning(str(reason)))
            for path in _files(workspace)
            for reason, n in con.execute(
                f"SELECT reason, count(*) FROM {parquet(path)} GROUP BY reason ORDER BY count(*) DESC, reason"
            ).fetchall()
        ]


def _files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.require("canonical") / "rejects").glob("*.parquet"))


def _file(workspace: Workspace, table: str) -> Path:
    files = {path.stem: path for path in _files(workspace)}
    if table not in files:
        raise NotFound(f"the last ingest filled no table {table!r}: ask for one of {', '.join(files)}")
    return files[table]


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
