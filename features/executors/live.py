"""The customers of one request: a snapshot whose plan is made once and run for one request after the other.

Most of the time of a small snapshot goes into writing its plan and optimising it. Here the plan is written once for an
``as_of`` and the columns of the tables, cut into stages at the frames that several families share, and each request
runs the stages over its own rows. The families are the batch's, and so is every bit of the result.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
from polars.io.plugins import register_io_source

from features.definition import features_of
from features.engines import frame_to_pandas, from_frames
from features.entities import about
from features.past import look_back
from features.windows import Frame

Rows = dict[str, pl.DataFrame]
Schemas = Mapping[str, Mapping[str, Any]]
"""Columns and types, by table."""

PLANS_MAX = 8
"""The plans of this many pairs of ``as_of`` and columns are cached, the most recently used."""


class Plan:
    """The plan of a snapshot at ``as_of`` over tables of the given ``schemas``. For one thread at a time."""

    def __init__(self, schemas: Schemas, as_of: float) -> None:
        self._rows: Rows = {}
        self._stages: list[tuple[str, pl.LazyFrame]] = []
        tables = from_frames({name: _scan(self._rows, name, schema) for name, schema in schemas.items()})
        known = look_back(about(tables, as_of), as_of)
        staged = {name: self._stage(known.tables[name]) for name in known.present}
        past = replace(known, tables=known.tables | staged, share=self._stage)
        self._stage(features_of(past, as_of))

    def __call__(self, frames: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
        """The snapshot of these rows, sorted by customer_id; equal to ``to_pandas(snapshot(from_frames(frames)))``."""
        try:
            self._rows.update(frames)
            for name, plan in self._stages:
                self._rows[name] = plan.collect(optimizations=_as_written())
            return frame_to_pandas(self._rows[self._stages[-1][0]])
        finally:
            # No customer's rows outlive the request.
            self._rows.clear()

    def _stage(self, frame: Frame) -> Frame:
        """The same rows, computed once a request."""
        plan: pl.LazyFrame = frame.to_native()
        name = f"stage {len(self._stages)}"
        self._stages.append((name, plan))
        staged: Frame = nw.from_native(_scan(self._rows, name, plan.collect_schema()))
        return staged


def _scan(rows: Rows, name: str, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """A scan of what ``rows`` has under ``name`` when the plan runs.

    Polars owns the function below and the garbage collector cannot look into Polars: if the function referred to the
    plan that refers to this scan, neither would ever be freed. So it refers to ``rows`` alone.
    """

    def read(columns: list[str] | None, *_: object) -> Iterator[pl.DataFrame]:
        yield rows[name] if columns is None else rows[name].select(columns)

    return register_io_source(read, schema=dict(schema))


class Plans:
    """Plans by ``as_of`` and columns, as many of each as threads asked at once; safe to share between threads."""

    def __init__(self, plans_max: int = PLANS_MAX) -> None:
        self._plans_max = plans_max
        self._idle: OrderedDict[object, list[Plan]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, frames: Mapping[str, pl.DataFrame], as_of: float) -> pd.DataFrame:
        """Features of everybody in these rows, sorted by customer_id.

        Equal to ``to_pandas(snapshot(from_frames(frames), as_of))`` to the last bit; quick from the second call on.
        """
        key = (as_of, tuple((name, tuple(frame.schema.items())) for name, frame in frames.items()))
        with self._lock:
            idle = self._idle.get(key)
            plan = idle.pop() if idle else None
        if plan is None:
            plan = Plan({name: frame.schema for name, frame in frames.items()}, as_of)
        found = plan(frames)
        with self._lock:
            self._idle.setdefault(key, []).append(plan)
            self._idle.move_to_end(key)
            while len(self._idle) > self._plans_max:
                self._idle.popitem(last=False)
        return found


live_snapshot = Plans()
"""``live_snapshot(frames, as_of)``: with the process's own cache of plans."""


def _as_written() -> pl.QueryOptFlags:
    """Run the plan as it stands: for a handful of rows the optimiser costs more than it saves."""
    flags = pl.QueryOptFlags.none()
    flags._pyoptflags.eager = True
    return flags
