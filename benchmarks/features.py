"""Rows a second and peak memory of one snapshot: ``python -m benchmarks.features [customers ...]``.

Order lines are synthetic, about ten a customer over two years. Each size and engine runs in a process of its own, so
that peak memory is its own; lines are written to Parquet first, in another process, and read back lazily.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from features.engines import open_tables, to_pandas
from features.snapshot import snapshot
from features.windows import to_days

SIZES = (10_000, 100_000, 1_000_000)
ENGINES = ("polars", "duckdb")
LINES_A_CUSTOMER = 10
AS_OF = "2025-12-01"


def write_orders(folder: Path, customers: int) -> None:
    """A shop whose lines come from hashes of their numbers: the same bytes everywhere, in little memory."""
    duckdb.sql(f"""
        COPY (
            SELECT 'o' || (i // 3) AS order_id,
                   'c' || (hash(i // 3) % {customers}) AS customer_id,
                   TIMESTAMP '2024-01-01' + to_seconds((hash(i // 3 + 1) % 63072000)::BIGINT) AS "at",
                   'p' || (hash(i) % 5000) AS product_id,
                   (1 + hash(i + 2) % 12)::DOUBLE AS quantity,
                   (hash(i + 3) % 5000 / 100)::DOUBLE AS unit_price,
                   CASE WHEN hash(i // 3 + 4) % 20 = 0 THEN 'return' ELSE 'sale' END AS kind
            FROM range({customers * LINES_A_CUSTOMER}) AS line(i)
        ) TO '{folder / "orders.parquet"}' (FORMAT parquet)
    """)


def measure(folder: Path, engine: str) -> dict[str, float]:
    """Seconds of one snapshot brought to pandas, its rows, and the peak resident memory of this process in MB."""
    start = time.perf_counter()
    features = to_pandas(snapshot(open_tables(folder, engine), to_days(AS_OF)))  # type: ignore[arg-type]
    seconds = time.perf_counter() - start
    return {
        "customers": len(features),
        "seconds": round(seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def run(size: int) -> None:
    """One table row an engine for ``size`` customers."""
    with tempfile.TemporaryDirectory() as folder:
        _call("write", folder, str(size))
        for engine in ENGINES:
            found = json.loads(_call("measure", folder, engine))
            lines = size * LINES_A_CUSTOMER
            print(
                f"| {engine} | {found['customers']:,} | {lines:,} | {found['seconds']} "
                f"| {lines / found['seconds']:,.0f} | {found['peak_mb']:,} |",
                flush=True,
            )


def _call(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.features", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> None:
    """All sizes, or those given; ``write`` and ``measure`` are the steps it starts in processes of their own."""
    if arguments[:1] == ["write"]:
        write_orders(Path(arguments[1]), int(arguments[2]))
    elif arguments[:1] == ["measure"]:
        print(json.dumps(measure(Path(arguments[1]), arguments[2])))
    else:
        print("| engine | customers | order lines | seconds | lines a second | peak MB |\n|---|---|---|---|---|---|")
        for size in [int(a) for a in arguments] or SIZES:
            run(size)


if __name__ == "__main__":
    main(sys.argv[1:])
