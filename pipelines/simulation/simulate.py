"""A simulated shop, exported as a real one would be: raw files with their dirt and, separately, the truth behind them.

``raw/``   what the shop sees: orders-*.csv, customers-*.csv, identities-*.csv, products.csv, events-*.parquet,
           touches-*.parquet, feedback-*.csv, subscriptions-*.csv, contacts-*.csv, loyalty-*.csv, campaigns.csv and
           market.csv, in local times.
``truth/`` for tests and benchmarks only: truth-*.parquet (one row a customer: latent segment and traits, true rates and
           dropout), dirt.json (rows of each kind of dirt a table) and world.json (what was asked for).

Customers are made in chunks, each from its own random stream, so that memory does not grow with their number; a company
and all numbers of one customer stay within a chunk.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.errors import BadInput
from pipelines.simulation.exports.dirt import Table
from pipelines.simulation.exports.files import export
from pipelines.simulation.later.columns import with_later_columns, with_theme
from pipelines.simulation.later.plan import campaign_plan, market_study
from pipelines.simulation.later.tables import later_tables
from pipelines.simulation.lives import live
from pipelines.simulation.shop.world import World, build_world

MIN_DAYS = 60
LATER = 4
"""The first random stream of what came later; 0 to 3 are those of what was there before."""


class Tally:
    """Rows, dirt and latent segments so far."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.dirt: dict[str, Counter[str]] = {}
        self.segments: Counter[str] = Counter()

    def add(self, table: Table, rows_n: int, dirt: dict[str, int]) -> None:
        """Count one part of a table."""
        self.rows[table] += rows_n
        self.dirt.setdefault(table, Counter()).update(dirt)

    def summary(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "rows": dict(self.rows),
            "dirt": {table: dict(kinds) for table, kinds in self.dirt.items()},
            "segments": dict(self.segments),
        }


def simulate(
    out: Path,
    customers: int,
    seed: int,
    days: int = 730,
    start: str = "2024-01-01",
    chunk: int = 10_000,
    until: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Write ``out/raw`` and ``out/truth``; return the rows a table, the dirt a kind and the customers a segment.

    ``until`` exports only the first ``until`` of the ``days``: the same world, looked at earlier, so that a later call
    with a later ``until`` brings what is new since. ``progress`` is called with the number of customers
    done so far.

    The same arguments write the same bytes, and the customers of a chunk do not depend on how many chunks follow.
    An ``out`` that an earlier simulation wrote is replaced as a whole; any other folder that is not empty is refused.
    """
    shown_days = days if until is None else until
    _check(out, customers, days, shown_days, chunk)
    world = build_world(np.datetime64(start, "D"), days, seed)
    draft = out.with_name(f".tmp-{out.name}")
    shutil.rmtree(draft, ignore_errors=True)
    for folder in ("raw", "truth"):
        (draft / folder).mkdir(parents=True)
    tally = Tally()
    for table, rows, stream in _whole_tables(world, seed):
        rng = np.random.default_rng([seed, stream])
        tally.add(table, *export(draft / "raw", world, table, rows, rng, shown_days, last=0))
    for part, first in enumerate(range(0, customers, chunk)):
        rng = np.random.default_rng([seed, 1, part])
        made = live(rng, world, first, min(chunk, customers - first))
        later = np.random.default_rng([seed, LATER, part])
        last = first + made.truth.height
        for table, rows in with_later_columns(later, made.rows, made.truth).items():
            tally.add(table, *export(draft / "raw", world, table, rows, rng, shown_days, last, part))
        for table, rows in later_tables(later, made.rows).items():
            tally.add(table, *export(draft / "raw", world, table, rows, later, shown_days, last, part))
        made.truth.write_parquet(draft / "truth" / f"truth-{part:04d}.parquet", statistics=False)
        tally.segments.update(made.truth["segment"].to_list())
        if progress:
            progress(first + made.truth.height)
    facts = {"customers": customers, "seed": seed, "days": days, "start": start, "chunk": chunk, "until": shown_days}
    summary = tally.summary()
    _write_json(draft / "truth" / "dirt.json", summary["dirt"])
    _write_json(draft / "truth" / "world.json", facts | {"rows": summary["rows"], "segments": summary["segments"]})
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)
    return summary


def _whole_tables(world: World, seed: int) -> list[tuple[Table, pl.DataFrame, int]]:
    """Tables that are no customers', and the random stream of the dirt in each."""
    later = np.random.default_rng([seed, LATER])
    return [
        ("products", with_theme(later, world.products).with_columns(_at=pl.lit(0.0)), 2),
        ("campaigns", campaign_plan(later, world), LATER + 1),
        ("market", market_study(later, world), LATER + 2),
    ]


def _check(out: Path, customers: int, days: int, shown_days: int, chunk: int) -> None:
    if customers < 1 or chunk < 1:
        raise BadInput(f"customers is {customers} and chunk is {chunk}, both must be at least 1: give larger numbers")
    if not MIN_DAYS <= shown_days <= days:
        raise BadInput(
            f"{shown_days} of {days} days: a simulation needs at least {MIN_DAYS} days and shows no more than it has"
        )
    if out.exists() and any(out.iterdir()) and not (out / "truth" / "world.json").exists():
        raise BadInput(f"{out} contains files that no simulation wrote: give an empty or a new folder")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, sort_keys=True, indent=1) + "\n")
