"""Many dates at once: what all of them count from is read once, and sums of order lines are shared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import polars as pl

from features.engines import Tables, free, kept, on_polars, shared
from features.entities import Entity, about
from features.past import Past, look_back, order_lines
from features.snapshot import features_of
from features.together import PastOfMany, Together
from features.windows import Frame

TOGETHER = 6
"""So many dates are summed in one pass; more take more memory and save little."""


def snapshots(tables: Tables, cutoffs: Sequence[float], entity: Entity = "customer") -> Iterator[tuple[float, Frame]]:
    """Each cutoff, earliest first, and the snapshot at it; bit for bit what ``snapshot`` gives.

    Compute a snapshot before asking for the next: DuckDB and Spark then drop what it was made of.
    """
    for as_of, past in pasts(tables, cutoffs, entity):
        yield as_of, features_of(past, as_of)


def pasts(tables: Tables, cutoffs: Sequence[float], entity: Entity = "customer") -> Iterator[tuple[float, Past]]:
    """Each cutoff, earliest first, and what was known before it; use it before asking for the next."""
    dates = sorted(cutoffs)
    many = len(dates) > 1
    lines = {"orders": order_lines(tables["orders"])} if "orders" in tables else {}
    held = {name: kept(table) for name, table in (tables | lines).items()} if many else tables
    for start in range(0, len(dates), TOGETHER):
        yield from _together(held, dates[start : start + TOGETHER], entity)
    if many:
        free(held.values())


def computed(frames: Iterable[tuple[float, Frame]]) -> Iterator[tuple[float, pl.DataFrame]]:
    """The rows of each; on Polars one date is computed while the plan of the next is written."""
    with ThreadPoolExecutor(1) as one:
        before: tuple[float, Future[pl.DataFrame]] | None = None
        for as_of, frame in frames:
            running = as_of, one.submit(on_polars, frame)
            if not frame.implementation.is_polars():
                running[1].result()
            if before:
                yield before[0], before[1].result()
            before = running
        if before:
            yield before[0], before[1].result()


def _together(tables: Tables, dates: Sequence[float], entity: Entity) -> Iterator[tuple[float, Past]]:
    # Who works for a company changes from date to date, and so does what is summed.
    many = len(dates) > 1 and entity == "customer" and "orders" in tables
    together = Together(tables, dates)
    for date, as_of in enumerate(dates):
        made: list[Frame] = []
        share = partial(_share, made)
        past = Past(look_back(about(tables, as_of, entity), as_of).tables, share)
        if many:
            past_of = partial(_past_of, tables, as_of, share)
            past = PastOfMany(past.tables, share, together=together, date=date, past_of=past_of)
        yield as_of, past
        free(made)
    free(together.made)


def _past_of(tables: Tables, as_of: float, share: Callable[[Frame], Frame], orders: Frame) -> Past:
    """The past of the customers who have these order lines."""
    return Past(look_back(about({**tables, "orders": orders}, as_of), as_of).tables, share)


def _share(made: list[Frame], frame: Frame) -> Frame:
    made.append(shared(frame))
    return made[-1]
