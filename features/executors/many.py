"""One date or many: the tables are read once, and one date is computed while the plan of the next is written.

``docs/decisions/many-dates.md`` says why the dates share no more than that.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import polars as pl

from features.definition import features_of
from features.engines import Tables, free, materialised, on_polars
from features.entities import Entity, about
from features.past import Past, Who, look_back, order_lines
from features.windows import Frame


def snapshots(
    tables: Tables, cutoffs: Sequence[float], entity: Entity = "customer", who: Who = "buyers"
) -> Iterator[tuple[float, Frame]]:
    """Each cutoff, earliest first, and the snapshot at it; bit for bit what ``snapshot`` gives.

    Compute a snapshot before asking for the next: DuckDB and Spark then drop what it was made of.
    """
    for as_of, past in pasts(tables, cutoffs, entity, who):
        yield as_of, features_of(past, as_of)


def pasts(
    tables: Tables, cutoffs: Sequence[float], entity: Entity = "customer", who: Who = "buyers"
) -> Iterator[tuple[float, Past]]:
    """Each cutoff, earliest first, and what was known before it; use it before asking for the next."""
    lines = {"orders": order_lines(tables["orders"])} if "orders" in tables else {}
    stored = {name: materialised(table) for name, table in (tables | lines).items()}
    for as_of in sorted(cutoffs):
        made: list[Frame] = []
        whole = about(tables | stored, as_of, entity)
        yield as_of, _cut_once(look_back(whole, as_of, partial(_share, made), who))
        free(made)
    free(stored.values())


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


def _cut_once(past: Past) -> Past:
    """On Polars with the cut computed: its optimiser would move the cut into every use, and link ids anew in each."""
    cut = {name: table for name, table in past.tables.items() if table.implementation.is_polars()}
    return replace(past, tables=past.tables | {name: materialised(table) for name, table in cut.items()})


def _share(made: list[Frame], frame: Frame) -> Frame:
    made.append(materialised(frame))
    return made[-1]
