"""Files as a shop would hand them over: local times, text in CSV, parts by chunk."""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.simulation.baskets import ORDER_NUMBERS_PER_CUSTOMER
from pipelines.simulation.dirt import Table, soil
from pipelines.simulation.population import numbered
from pipelines.simulation.world import World

FILES: dict[Table, str] = {
    "customers": "customers-{part:04d}.csv",
    "orders": "orders-{part:04d}.csv",
    "products": "products.csv",
    "events": "events-{part:04d}.parquet",
    "emails": "emails-{part:04d}.parquet",
    "feedback": "feedback-{part:04d}.csv",
}
_TIME_COLUMN = {
    "customers": "registered_at",
    "orders": "ordered_at",
    "events": "happened_at",
    "emails": "happened_at",
    "feedback": "answered_at",
}


def export(
    folder: Path, world: World, table: Table, rows: pl.DataFrame, rng: np.random.Generator, part: int = 0
) -> tuple[int, dict[str, int]]:
    """Write one part of a table, soiled; returns its rows and the rows of each kind of dirt among them.

    ``rows`` are clean and carry the hidden day ``_at``, by which the file is sorted.
    """
    clean = _as_exported(world, table, rows)
    soiled, dirt = soil(rng, table, clean)
    soiled = soiled.sort("_at", maintain_order=True).drop("_at", "_fresh", strict=False)
    path = folder / FILES[table].format(part=part)
    if path.suffix == ".csv":
        soiled.write_csv(path)
    else:
        soiled.write_parquet(path, compression="zstd", statistics=False)
    return soiled.height, dirt


def local_times(world: World, day: pl.Expr) -> pl.Expr:
    """Days since the start as local TIMESTAMPs, to the second."""
    start_us = int(world.start.astype("datetime64[us]").astype(np.int64))
    # Cut, not rounded: nothing may be moved onto the end of the span.
    seconds = (day * 86_400).floor().cast(pl.Int64)
    return (seconds * 1_000_000 + start_us).cast(pl.Datetime("us"))


def _as_exported(world: World, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Times, numbers and money in the form the shop's systems write."""
    if table in _TIME_COLUMN:
        at = local_times(world, pl.col("_at"))
        text = at if FILES[table].endswith("parquet") else at.dt.to_string("%Y-%m-%d %H:%M:%S")
        rows = rows.with_columns(text.alias(_TIME_COLUMN[table]))
    if table == "orders":
        rows = rows.with_columns(_money("unit_price"), _money("discount"), _fresh_numbers(rows))
    if table == "products":
        rows = rows.with_columns(_money("price"), _money("cost"))
    return rows


def _money(name: str) -> pl.Expr:
    return pl.col(name).round(2).cast(pl.Decimal(12, 2)).cast(pl.String).alias(name)


def _fresh_numbers(rows: pl.DataFrame) -> pl.Series:
    """For each line an order number that no order of this or another chunk has: counted down from the chunk's last."""
    last = int(str(rows["customer_no"].max() or "C0")[1:])
    top = last * ORDER_NUMBERS_PER_CUSTOMER - 1
    return numbered("S", top - np.arange(rows.height), 10).alias("_fresh")
