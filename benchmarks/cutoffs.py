"""Ten aggregates of Online Retail at six cutoffs beside Featuretools: ``python -m benchmarks.cutoffs``.

Ours is a family written as any other, at all cutoffs, its file read included; theirs is the calculation alone. Every
value is compared. Rounds go through both in turn, the quickest counts. Needs ``$COTERIE_DATA``; Featuretools wants an
older pandas and is installed into a temporary environment, unless ``--python`` names one that has it.
"""

import argparse
import os
import subprocess
import tempfile
import time
import venv
from pathlib import Path

import narwhals as nw
import polars as pl

from features.engines import from_frames, on_polars
from features.exact import TICKS, per, ratio, rows_n
from features.executors.many import pasts
from features.past import Past
from features.windows import Frame, to_days
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace

CUTOFFS = [f"2011-{month:02d}-01" for month in range(6, 12)]
THEIRS = Path(__file__).parent / "featuretools"
COLUMNS = ("lines_n", "orders_n", "products_n", "units", "revenue", "mean", "std", "least", "most", "since_last_days")


def compute(past: Past, as_of: float) -> Frame:
    """COLUMNS of every customer."""
    amount = nw.col("amount_ticks")
    sums = past.sales.group_by("customer_id").agg(
        rows_n().alias("lines_n"),
        nw.col("order_id").n_unique().cast(nw.Float64).alias("orders_n"),
        nw.col("product_id").n_unique().cast(nw.Float64).alias("products_n"),
        nw.col("units_milli").sum(),
        amount.sum().alias("total"),
        (amount * amount).sum().alias("squares"),
        amount.min().alias("least"),
        amount.max().alias("most"),
        (as_of - nw.col("at_days")).min().alias("since_last_days"),
    )
    n, total = nw.col("lines_n"), nw.col("total")
    variance = ratio(nw.col("squares") - ratio(total * total, n), n - 1)
    return sums.select(
        nw.col("customer_id").cast(nw.String),
        "lines_n",
        "orders_n",
        "products_n",
        "since_last_days",
        units=per(nw.col("units_milli"), 1000),
        revenue=per(total, TICKS),
        mean=ratio(total, n * TICKS),
        std=per(variance.sqrt(), TICKS),
        least=per(nw.col("least"), TICKS),
        most=per(nw.col("most"), TICKS),
    )


def ours(orders: Path) -> tuple[float, pl.DataFrame]:
    """Seconds, and the rows of all cutoffs."""
    began = time.perf_counter()
    tables = from_frames({"orders": pl.read_parquet(orders)})
    found = [
        on_polars(compute(past, as_of)).with_columns(as_of=pl.lit(as_of))
        for as_of, past in pasts(tables, [to_days(cutoff) for cutoff in CUTOFFS])
    ]
    return time.perf_counter() - began, pl.concat(found)


def theirs(python: str, lines: Path, out: Path) -> tuple[float, pl.DataFrame]:
    """Seconds, and the rows of all cutoffs."""
    command = [python, "-P", str(THEIRS / "theirs.py"), str(lines), str(out), *CUTOFFS]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = pl.read_parquet(out)
    features = rows.columns[2:]
    named = rows.rename(dict(zip(features, COLUMNS, strict=True)))
    days = (pl.col("time").dt.epoch("us") + 1) / 86_400_000_000
    since = pl.col("since_last_days").cast(pl.Float64) / 86_400
    return float(said), named.with_columns(pl.col("customer_id").cast(pl.String), as_of=days, since_last_days=since)


def compare(mine: pl.DataFrame, peer: pl.DataFrame) -> float:
    """The largest relative difference between two values; exit if somebody is missing on either side."""
    both = mine.join(peer, on=["customer_id", "as_of"], how="full", suffix="_peer", coalesce=False)
    if not len(mine) == len(peer) == len(both):
        raise SystemExit(f"{len(mine)} rows here, {len(peer)} there, {len(both)} together")
    worst = 0.0
    for name in COLUMNS:
        x, y = both[name].cast(pl.Float64), both[f"{name}_peer"].cast(pl.Float64).fill_nan(None)
        if not x.is_null().equals(y.is_null()):
            raise SystemExit(f"{name} is null for other customers")
        worst = max(worst, ((x - y).abs() / (1 + y.abs())).max() or 0.0)  # type: ignore[operator]
    return worst


def prepare(folder: Path, data: Path) -> tuple[Path, Path]:
    """Canonical orders, and the sale lines for Featuretools."""
    canonical = Path(
        ingest_step(Workspace(folder / "home"), "online_retail", str(data / "online_retail"), None)["folder"]
    )
    orders = canonical / "orders.parquet"
    amount = pl.col("quantity") * pl.col("unit_price") - pl.col("discount").fill_null(0)
    sales = pl.read_parquet(orders).filter(pl.col("kind") == "sale")
    lines = sales.select(
        "customer_id", "order_id", "product_id", "quantity", "at", amount=(amount * TICKS).round() / TICKS
    )
    lines.write_parquet(folder / "lines.parquet")
    return orders, folder / "lines.parquet"


def installed(folder: Path) -> str:
    """A Python that has Featuretools."""
    venv.create(folder / "peer", with_pip=True)
    python = str(folder / "peer" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", str(THEIRS / "requirements.txt")], check=True)
    return python


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="", help="an interpreter that has Featuretools")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    if not os.environ.get("COTERIE_DATA"):
        print("skipped: set COTERIE_DATA to the folder with online_retail/ in it")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        python = chosen.python or installed(folder)
        orders, lines = prepare(folder, Path(os.environ["COTERIE_DATA"]))
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(chosen.rounds):
            (here, mine), (there, peer) = ours(orders), theirs(python, lines, folder / "theirs.parquet")
            took[0].append(here)
            took[1].append(there)
        print(f"{len(mine):,} rows of {len(COLUMNS)} aggregates; largest relative difference {compare(mine, peer):.0e}")
        print(
            f"coterie {min(took[0]):.3f} s, Featuretools {min(took[1]):.3f} s: {min(took[1]) / min(took[0]):.1f} times"
        )


if __name__ == "__main__":
    main()
