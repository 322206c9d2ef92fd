"""What one customer's snapshot takes in the process, all families: ``python -m benchmarks.live [--check 10000]``.

Prints p50 and p99 beside the batch's road for the same rows, by how much the customer has done, and processor time,
which says more on a busy machine.
``--check N`` computes N vectors live and compares them with the batch's to the last bit.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.world import Frames, own, world
from features.engines import from_frames, to_pandas
from features.snapshot import live_snapshot, snapshot
from features.windows import to_days

AS_OF = to_days("2025-12-01")
LIMIT_MS = 15.0
TIMES = 300


def main() -> int:
    """Exit status 1 if the p50 is above the limit, or a vector differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--check", type=int, default=0, help="compare so many vectors with the batch")
    chosen = parser.parse_args()
    if chosen.check:
        return check(chosen.check)
    return measure(world(chosen.customers))


def measure(frames: Frames) -> int:
    """One row of the table a customer: the typical one, and those with the most to read."""
    order = frames["events"].group_by("customer_id").len().sort("len", "customer_id")["customer_id"]
    p50s = []
    print("| customer | rows | columns | build ms | p50 ms | p99 ms | processor p50 ms | batch's road p50 ms | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, place in (("median", 0.5), ("90th percentile", 0.9), ("most", 0.999)):
        mine = own(frames, order[int(place * len(order))])
        began = time.perf_counter()
        columns = live_snapshot(mine, AS_OF).shape[1] - 1
        built = (time.perf_counter() - began) * 1e3
        quick = partial(live_snapshot, mine, AS_OF)
        live, batch = in_turn(quick, partial(by_batch, mine))
        busy = [timed(quick, time.process_time) for _ in range(TIMES)]
        rows = sum(table.height for table in mine.values())
        p50, p99 = np.percentile(live, [50, 99])
        p50s.append(p50)
        print(
            f"| {name} | {rows} | {columns} | {built:.0f} | {p50:.1f} | {p99:.1f} | {np.median(busy):.1f} "
            f"| {np.median(batch):.0f} | {np.median(batch) / p50:.1f} |"
        )
    return 0 if p50s[0] < LIMIT_MS else 1


def in_turn(first: Callable[[], object], second: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Milliseconds of both, the second once for every twenty of the first, so that both meet the same load."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(TIMES):
        took[0].append(timed(first))
        if turn % 20 == 0:
            took[1].append(timed(second))
    return took


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    call()
    return (clock() - began) * 1e3


def by_batch(frames: Frames) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(frames), AS_OF))


def check(vectors: int) -> int:
    """Vectors that differ from the batch's in any bit; family relations is left out, it looks at other customers."""
    frames = world(vectors)
    batch = by_batch(frames)
    batch = batch[[name for name in batch.columns if not name.startswith("relations_")]]
    rows = Index(frames)
    live = [live_snapshot(rows.own(name), AS_OF).query("customer_id == @name") for name in batch["customer_id"]]
    found = pd.concat(live, ignore_index=True)[batch.columns]
    differ = sum(not found[name].equals(batch[name]) for name in batch.columns)
    print(f"{len(found):,} vectors of {len(batch.columns) - 1} columns live and in a batch: {differ} columns differ")
    return 1 if differ else 0


class Index:
    """Rows of a customer without a scan."""

    def __init__(self, frames: Frames) -> None:
        self._shared = {"products": frames["products"]}
        mains = frames["identities"].select("alias_id", main="customer_id")
        self._of: dict[str, dict[str, pl.DataFrame]] = {}
        self._empty = {name: rows.clear() for name, rows in frames.items() if name != "products"}
        for name in self._empty:
            rows = frames[name].join(mains, left_on="customer_id", right_on="alias_id", how="left")
            keyed = rows.with_columns(main=pl.coalesce("main", "customer_id")).partition_by(
                "main", as_dict=True, include_key=False
            )
            self._of[name] = {str(key[0]): part for key, part in keyed.items()}

    def own(self, customer: str) -> Frames:
        mine = {name: self._of[name].get(customer, empty) for name, empty in self._empty.items()}
        return mine | self._shared


if __name__ == "__main__":
    sys.exit(main())
