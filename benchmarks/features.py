"""What features cost: ``python -m benchmarks.features [--customers N ...] [--rounds 3] [--all] [--dates]``.

Purchase, cadence and basket of every customer at one date, 20 order lines a customer over two years, on Polars and on
DuckDB beside one query written by hand for DuckDB alone (handwritten.sql); all write Parquet. Each run is a process of
its own, so that peak memory is its own, and rounds go through all of them in turn, so that all meet the same load;
the quickest round counts. Prints a Markdown table, and how the time grows with the lines: lines ** exponent.

``--all``: every family that order lines can feed, instead of three. ``--dates``: six dates beside one.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from features.definition import joined
from features.engines import Tables, free, on_polars, open_tables, shared
from features.executors.many import computed
from features.executors.parts import parts_of
from features.families import families
from features.past import look_back
from features.snapshot import snapshots
from features.windows import Frame, to_days

SIZES = (5_000, 50_000, 500_000)
LINES_A_CUSTOMER = 20
PRODUCTS = 5000
FAMILIES = ("purchase", "cadence", "basket")
AS_OF = "2025-12-01"
SIX = [f"2025-{month:02d}-01" for month in range(7, 13)]
# Rounded on purpose: sums of logarithms and of momentum, to millionths.
ROUNDED = ("basket_product_entropy", "basket_category_entropy", "cadence_momentum")


def write_shop(folder: Path, customers: int) -> None:
    """A shop whose lines come from hashes of their numbers: the same bytes everywhere; sorted as ingest sorts."""
    duckdb.sql(f"""
        COPY (
            SELECT 'o' || (i // 3) AS order_id,
                   'c' || (hash(i // 3) % {customers}) AS customer_id,
                   TIMESTAMP '2024-01-01' + to_seconds((hash(i // 3 + 1) % 63072000)::BIGINT) AS "at",
                   'p' || (hash(i) % {PRODUCTS}) AS product_id,
                   (1 + hash(i + 2) % 12)::DOUBLE AS quantity,
                   (hash(i + 3) % 5000 / 100)::DOUBLE AS unit_price,
                   CASE WHEN hash(i // 3 + 4) % 20 = 0 THEN 'return' ELSE 'sale' END AS kind
            FROM range({customers * LINES_A_CUSTOMER}) AS line(i)
            ORDER BY customer_id, order_id, "at", product_id
        ) TO '{folder / "orders.parquet"}' (FORMAT parquet, COMPRESSION zstd)
    """)
    duckdb.sql(f"""
        COPY (SELECT 'p' || i AS product_id, CASE WHEN i % 7 > 0 THEN 'k' || (i % 40) END AS category
              FROM range({PRODUCTS}) AS product(i)
        ) TO '{folder / "products.parquet"}' (FORMAT parquet)
    """)


def by_hand(folder: Path, out: Path) -> None:
    """The query of handwritten.sql, its rows written to ``out``."""
    query = (Path(__file__).parent / "handwritten.sql").read_text(encoding="utf-8")
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = false")
    asked = query.replace("$folder", f"'{folder}'").replace("$as_of", f"'{AS_OF}'")
    con.execute(f"COPY ({asked.strip()}) TO '{out / 'hand.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


def by_families(folder: Path, out: Path, engine: str, names: tuple[str, ...]) -> None:
    """The families' columns, part by part, each written as it is ready."""
    tables = open_tables(folder, engine)  # type: ignore[arg-type]
    parts = parts_of(tables)
    for part in range(len(parts)):
        made: list[Frame] = []
        rows = on_polars(asked_of(parts.of(tables, part), names, made))
        rows.sort("customer_id").write_parquet(out / f"{engine}-{part:04d}.parquet")
        free(made)


def asked_of(tables: Tables, names: tuple[str, ...], made: list[Frame]) -> Frame:
    """Columns of these families, of everybody with a sale before AS_OF."""

    def share(frame: Frame) -> Frame:
        made.append(shared(frame))
        return made[-1]

    as_of = to_days(AS_OF)
    past = look_back(tables, as_of, share)
    return joined([families()[name] for name in names], past, as_of)


def at_dates(folder: Path, out: Path, dates: list[str]) -> None:
    """All families that order lines can feed, at each of ``dates``, on Polars."""
    tables = open_tables(folder)
    parts = parts_of(tables)
    for part in range(len(parts)):
        for as_of, rows in computed(snapshots(parts.of(tables, part), [to_days(date) for date in dates])):
            rows.sort("customer_id").write_parquet(out / f"{as_of:.0f}-{part:04d}.parquet")


def measure(way: str, folder: Path, out: Path) -> dict[str, float]:
    """Seconds, seconds of processor time, and the peak resident memory of this process in MB."""
    began, used = time.perf_counter(), time.process_time()
    if way == "by hand":
        by_hand(folder, out)
    elif way in ("one date", "six dates"):
        at_dates(folder, out, [AS_OF] if way == "one date" else SIX)
    else:
        engine, _, everything = way.partition(" ")
        orders_feed = tuple(name for name, family in families().items() if family.NEEDS == ("orders",))
        by_families(folder, out, engine, orders_feed if everything else FAMILIES)
    return {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - used,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compare(found: Path, expected: Path) -> float:
    """The largest relative difference between the families' values and the handwritten query's."""
    ours = pl.read_parquet(found / "*.parquet").sort("customer_id")
    hand = pl.read_parquet(expected / "hand.parquet").sort("customer_id").select(ours.columns)
    if not ours["customer_id"].equals(hand["customer_id"]):
        raise SystemExit("the handwritten query has other customers than the families")
    worst = 0.0
    for name in ours.columns[1:]:
        x, y = (table[name].cast(pl.Float64).to_numpy() for table in (ours, hand))
        if (np.isnan(x) != np.isnan(y)).any():
            raise SystemExit(f"{name} is null for other customers by hand")
        difference = np.nanmax(np.abs(x - y) / np.maximum(1, np.abs(y)), initial=0.0)
        if difference > (1e-5 if name in ROUNDED else 1e-9):
            raise SystemExit(f"{name} differs from the handwritten query's by {difference}")
        worst = max(worst, difference)
    return worst


def rounds(folder: Path, ways: list[str], times: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Each way with the figures of its quickest round; the values of the first two engines are compared by hand's."""
    took: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for turn in range(times):
        for way in ways:
            out = folder / way.replace(" ", "-")
            out.mkdir(exist_ok=True)
            took[way].append(json.loads(_call("measure", way, str(folder), str(out))))
            if turn == 0 and way in ("polars", "duckdb") and "by hand" in ways:
                compare(out, folder / "by-hand")
    for way in ways:
        yield way, min(took[way], key=lambda figures: figures["seconds"])


def run(sizes: list[int], ways: list[str], times: int) -> None:
    """The table, and the exponents if there are several sizes."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    print("| customers | order lines | way | seconds | processor seconds | peak MB | to the first |")
    print("|---|---|---|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            _call("write", place, str(size))
            for way, figures in rounds(Path(place), ways, times):
                seconds[way].append(figures["seconds"])
                ratio = figures["seconds"] / seconds[ways[0]][-1]
                print(
                    f"| {size:,} | {size * LINES_A_CUSTOMER:,} | {way} | {figures['seconds']:.2f} "
                    f"| {figures['processor']:.2f} | {figures['peak_mb']:,.0f} | {ratio:.2f} |",
                    flush=True,
                )
    for way in ways if len(sizes) > 1 else []:
        growth = math.log(seconds[way][-1] / seconds[way][0]) / math.log(sizes[-1] / sizes[0])
        print(f"\n{way}: seconds grow like lines ** {growth:.2f}", flush=True)


def _call(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.features", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(arguments: list[str]) -> None:
    """The tables; ``write`` and ``measure`` are the steps it starts in processes of their own."""
    if arguments[:1] == ["write"]:
        write_shop(Path(arguments[1]), int(arguments[2]))
    elif arguments[:1] == ["measure"]:
        print(json.dumps(measure(arguments[1], Path(arguments[2]), Path(arguments[3]))))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--customers", type=int, nargs="+", default=SIZES)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--dates", action="store_true")
        chosen = parser.parse_args(arguments)
        ways = ["by hand", "polars", "duckdb"]
        if chosen.all:
            ways = ["polars all families", "duckdb all families"]
        if chosen.dates:
            ways = ["one date", "six dates"]
        run(list(chosen.customers), ways, chosen.rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
