"""Files as a shop would hand them over: local times, text in CSV, parts by chunk."""

from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs

from pipelines.simulation.behaviour.baskets import ORDER_NUMBERS_PER_CUSTOMER
from pipelines.simulation.exports.dirt import Table
from pipelines.simulation.exports.soil import soil
from pipelines.simulation.people.population import numbered
from pipelines.simulation.shop.world import World

FILES: dict[Table, str] = {
    "customers": "customers-{part:04d}.csv",
    "identities": "identities-{part:04d}.csv",
    "orders": "orders-{part:04d}.csv",
    "products": "products.csv",
    "events": "events-{part:04d}.parquet",
    "touches": "touches-{part:04d}.parquet",
    "feedback": "feedback-{part:04d}.csv",
    "subscriptions": "subscriptions-{part:04d}.csv",
    "contacts": "contacts-{part:04d}.csv",
    "loyalty": "loyalty-{part:04d}.csv",
    "campaigns": "campaigns.csv",
    "market": "market.csv",
}
_TIMES: dict[Table, dict[str, str]] = {
    "customers": {"_at": "recorded_at", "_registered": "registered_at"},
    "identities": {"_at": "linked_at"},
    "orders": {"_at": "ordered_at", "_booked": "booked_at"},
    "events": {"_at": "happened_at"},
    "touches": {"_at": "happened_at"},
    "feedback": {"_at": "answered_at"},
    "subscriptions": {
        "_at": "recorded_at", "_started": "started_at", "_renews": "renews_at", "_ended": "ended_at",
    },
    "contacts": {"_at": "recorded_at"},
    "loyalty": {"_at": "booked_at"},
    "campaigns": {"_begins": "begins_at", "_ends": "ends_at"},
}  # fmt: skip
"""Hidden days and the columns of local times they become."""
_MONEY: dict[Table, tuple[str, ...]] = {
    "orders": ("unit_price", "discount"),
    "products": ("price", "cost"),
    "subscriptions": ("fee",),
    "campaigns": ("budget",),
}


def export(
    folder: Path,
    world: World,
    table: Table,
    rows: pl.DataFrame,
    rng: np.random.Generator,
    shown_days: float,
    last: int,
    part: int = 0,
) -> tuple[int, dict[str, int]]:
    """Write one part of a table, soiled; returns its rows and the rows of each kind of dirt among them.

    ``rows`` are clean and carry the hidden day ``_at``, by which the file is sorted; what happened or was booked on
    ``shown_days`` or later stays out. ``last`` is the number of the chunk's last customer.
    """
    readable = pl.max_horizontal("_at", "_booked") if "_booked" in rows.columns else pl.col("_at")
    clean = _as_exported(world, table, rows.filter(readable < shown_days), last)
    soiled, dirt = soil(rng, table, clean)
    soiled = soiled.sort("_at", maintain_order=True).select(~cs.starts_with("_"))
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


def _as_exported(world: World, table: Table, rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Times, numbers and money in the form the shop's systems write."""
    for hidden, name in _TIMES.get(table, {}).items():
        at = local_times(world, pl.col(hidden))
        text = at if FILES[table].endswith("parquet") else at.dt.to_string("%Y-%m-%d %H:%M:%S")
        rows = rows.with_columns(text.alias(name))
    rows = rows.with_columns(_money(name) for name in _MONEY.get(table, ()))
    if table == "orders":
        rows = rows.with_columns(_fresh_numbers(rows.height, last))
    if table == "touches":
        rows = rows.with_columns(_registered=local_times(world, pl.col("_registered_at")))
    return rows


def _money(name: str) -> pl.Expr:
    return pl.col(name).round(2).cast(pl.Decimal(12, 2)).cast(pl.String).alias(name)


def _fresh_numbers(lines_n: int, last: int) -> pl.Series:
    """For each line an order number that no order of this or another chunk has: counted down from the chunk's last."""
    return numbered("S", last * ORDER_NUMBERS_PER_CUSTOMER - 1 - np.arange(lines_n), 10).alias("_fresh")
