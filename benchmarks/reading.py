"""What looking through text files costs: reading clean lines with and without it, and files with damage.

``python -m benchmarks.reading [--lines 10000000] [--home /tmp/reading]``

Each row is one kind of file with the same content. ``before`` is DuckDB's reader alone as it was set up before
(``null_padding``, one thread), ``look`` is :func:`make_ready`, and ``rows`` is DuckDB reading what that gave it. All
three are CPU seconds; DuckDB copies every column as text to Parquet, as staging does. For JSON, an object a line,
``before`` is DuckDB's reader with the types that it guesses from a sample, and ``look`` is :func:`json_reader`.
"""

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.scratch import create_schemas
from pipelines.sources.identity import json_reader
from pipelines.sources.source import CsvOptions
from pipelines.sources.text.streams import Text
from pipelines.sources.text.text_file import make_ready
from pipelines.sql import connect, quoted

BEFORE = """all_varchar = true, header = true, union_by_name = true, delim = ',', quote = '"', escape = '"',
    null_padding = true, parallel = false"""
ORDERS = """SELECT 100000 + i AS order_id, 'c' || (i % 50000) AS customer_id,
    TIMESTAMP '2024-01-01' + to_seconds(i) AS "at", 'p' || (i % 999) AS product_id, 1 + i % 3 AS quantity,
    round(1.5 + (i % 997) / 10, 2) AS unit_price FROM range({n}) AS numbers(i)"""
KINDS: dict[str, tuple[str, str]] = {
    "plain": ("{orders}", ""),
    "every value quoted": ("{orders}", ", FORCE_QUOTE *"),
    "one line in 1,000 too long": ("SELECT * REPLACE (CASE WHEN order_id % 1000 = 0 THEN '1,5' "
                                   "ELSE CAST(unit_price AS VARCHAR) END AS unit_price) FROM ({orders})", ", QUOTE ''"),
    "one value in 10 of two lines": ("SELECT * REPLACE (CASE WHEN order_id % 10 = 0 THEN product_id || chr(10) || 'x' "
                                     "ELSE product_id END AS product_id) FROM ({orders})", ""),
}  # fmt: skip


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of all threads while ``work`` runs."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def copied(con: duckdb.DuckDBPyConnection, path: Path, rows: str) -> None:
    """Copy what the SQL ``rows`` reads of a file into Parquet."""
    con.execute(f"COPY (FROM {rows}) TO {quoted(str(path.with_suffix('.parquet')))} (FORMAT parquet, COMPRESSION zstd)")


def in_csv(path: Path, options: str) -> str:
    """SQL that reads a text file."""
    return f"read_csv([{quoted(str(path))}], {options})"


def measured(kind: str, lines: int, home: Path) -> tuple[float, float, float]:
    """(before, look, rows) of one kind of file."""
    query, options = KINDS[kind]
    path, csv = home / "lines.csv", CsvOptions()
    with connect() as con:
        con.execute(f"COPY ({query.format(orders=ORDERS.format(n=lines))}) TO {quoted(str(path))} (HEADER{options})")
        before = cpu_seconds(lambda: copied(con, path, in_csv(path, BEFORE)))
        found = []
        look = cpu_seconds(lambda: found.append(make_ready(Text(path), csv, home / "copies" / "0.csv", path.name)))
        rows = cpu_seconds(lambda: copied(con, path, in_csv(found[0].path, found[0].options(csv))))
    return before, look, rows


def measured_json(lines: int, home: Path) -> tuple[float, float, float]:
    """(before, look, rows) of JSON lines."""
    path = home / "lines.jsonl"
    with connect() as con:
        create_schemas(con)
        con.execute(f"COPY ({ORDERS.format(n=lines)}) TO {quoted(str(path))} (FORMAT json)")
        before = cpu_seconds(lambda: copied(con, path, f"read_json([{quoted(str(path))}])"))
        found = []
        look = cpu_seconds(lambda: found.append(json_reader(con, "lines", [(path, path.name)], home / "copies")))
        rows = cpu_seconds(lambda: copied(con, path, found[0].over([path])))
    return before, look, rows


def main() -> None:
    """Print a table; the files are deleted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path, default=Path("/tmp/reading"))
    arguments = parser.parse_args()
    print(f"{arguments.lines:,} lines, CPU seconds\n{'':30}{'before':>8}{'look':>8}{'rows':>8}{'now/before':>12}")
    for kind in (*KINDS, "JSON"):
        (arguments.home / "copies").mkdir(parents=True)
        try:
            found = measured(kind, arguments.lines, arguments.home) if kind in KINDS else None
            before, look, rows = found or measured_json(arguments.lines, arguments.home)
        finally:
            shutil.rmtree(arguments.home)
        print(f"{kind:30}{before:8.1f}{look:8.1f}{rows:8.1f}{(look + rows) / before:12.2f}", flush=True)


if __name__ == "__main__":
    main()
