"""A bad line of a JSON Lines file costs itself: a copy without it is read, and the line is refused with its number."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import duckdb

from features.errors import BadTable

BOM = b"\xef\xbb\xbf"
REASON = "malformed_json"


def copy_good_lines(con: duckdb.DuckDBPyConnection, alias: str, path: Path, name: str, copy: Path) -> None:
    """Write the lines of ``path`` that are JSON objects to ``copy``, and the others to ``refused.lines``.

    Raises:
        BadTable: it is one JSON value over several lines, or no line is an object.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    refused: list[tuple[str, str, int, str, str]] = []
    good_n = 0
    with copy.open("wb") as target:
        for number, line in _lines(path):
            if _is_object(line):
                target.write(line + b"\n")
                good_n += 1
            else:
                refused.append((alias, name, number, REASON, line.decode("utf-8", "replace")))
    if not good_n:
        raise BadTable(f"cannot read {path.name}: JSON is one array of objects, or an object a line; export it again")
    con.executemany("INSERT INTO refused.lines VALUES (?, ?, ?, ?, ?)", refused)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number from 1."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                text = line.removeprefix(BOM).strip()
                if text:
                    yield number, text
    except (OSError, EOFError) as error:
        raise BadTable(f"cannot read {path.name}: it cannot be unpacked ({error}): export or copy it again") from None


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
