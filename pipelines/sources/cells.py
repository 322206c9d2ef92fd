"""Rows of Python values as Parquet columns of text: Excel and SQLite give each cell a type of its own."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 20_000


def text_of_cell(value: Any) -> str | None:
    """A cell as its own text: a whole number has no decimal point, a time is ISO 8601; blank text is null.

    >>> [text_of_cell(value) for value in (12345.0, 19.99, True, "007", date(2024, 1, 5), b"A1", "")]
    ['12345', '19.99', 'true', '007', '2024-01-05', 'A1', None]
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def unique_names(header: Sequence[str | None]) -> list[str]:
    """Column names, no two of which SQL takes for the same; a blank one is named by its place, from 0.

    >>> unique_names(["id", "ID", None])
    ['id', 'ID_1', 'column2']
    """
    names: list[str] = []
    for place, given in enumerate(header):
        name = (given or "").strip() or f"column{place}"
        taken = {other.lower() for other in names}
        free = (f"{name}_{n}" for n in range(1, len(header) + 1) if f"{name}_{n}".lower() not in taken)
        names.append(next(free) if name.lower() in taken else name)
    return names


def write_texts(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows of Python values to a Parquet file; what a short row lacks is null."""
    schema = pa.schema([(name, pa.string()) for name in names])
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(remaining, BATCH)):
            columns = [
                pa.array([text_of_cell(row[place]) if place < len(row) else None for row in batch], pa.string())
                for place in range(len(names))
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
