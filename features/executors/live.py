"""The customers of one request: the batch's plan, carried out on arrays without the overhead of a query engine.

Nearly all of the time of a small snapshot goes into a query engine's work around its operations. So the plan that the
families' expressions make is translated once, for an ``as_of`` and the columns of the tables, into a list of operations
on numpy arrays (``features.executors.arrays``), and each request runs that list over its own rows. The definition is
the batch's, and so is every bit of the result.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from features.definition import features_of
from features.engines import from_frames, side_by_side, text_array, to_pandas
from features.entities import about
from features.errors import NotFound
from features.executors.arrays.expressions import Value, kind_of
from features.executors.arrays.plan import Table, column_of, scan_of, table_of
from features.executors.arrays.program import Program, Untranslated
from features.executors.arrays.texts import Texts
from features.executors.one import snapshot
from features.past import Who, look_back
from features.windows import Frame

Frames = Mapping[str, pl.DataFrame]
Schemas = Mapping[str, Mapping[str, Any]]
"""Columns and types, by table."""
Tuples = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]
"""Schemas that can be a key."""
Written = tuple[Mapping[str, pl.LazyFrame], pl.LazyFrame]
"""What several parts of a snapshot read, by name, each after what it reads itself; and the snapshot."""

PLANS_MAX = 8
"""The plans of this many combinations of ``as_of`` and columns are cached, the most recently used."""

_LOG = logging.getLogger(__name__)


class Plan:
    """A snapshot at ``as_of`` of tables with the given ``schemas``; any number of threads may run it at once.

    ``columns`` are the features to compute, None all of them. The plan for a customer ``alone`` takes rows of a single
    customer_id and is several times quicker.

    Raises:
        NotFound: a column is no feature of these tables.
        Untranslated: a family does something that arrays cannot do here.
    """

    def __init__(
        self,
        schemas: Schemas,
        as_of: float,
        columns: Sequence[str] | None = None,
        alone: bool = False,
        who: Who = "buyers",
    ) -> None:
        self._program = Program()
        tables = tuple((name, tuple(schema.items())) for name, schema in schemas.items())
        written = _written(tables, as_of, None if columns is None else tuple(columns), who)
        found = _Making(self._program, schemas, alone).table(written)
        if alone and not found.one:
            raise Untranslated("several rows of one customer")
        names = list(found.columns) if columns is None else ["customer_id", *columns]
        unknown = [name for name in names if name not in found.columns]
        if unknown:
            raise NotFound(f"'{unknown[0]}' is no feature of {', '.join(schemas)}: docs/features.md lists all")
        values = {name: found.columns[name]() for name in names}
        self._kinds = {name: value.kind for name, value in values.items()}
        self._results = (found.rows_n(), *(value.register for value in values.values()))
        self._ones = {name for name, value in values.items() if value.one}
        self._labels = [name for name, kind in self._kinds.items() if kind == "text"]
        self._numbers = [name for name, kind in self._kinds.items() if kind != "text"]
        self._columns = pd.Index(names)
        self._program.finish(self._results)

    def __call__(self, frames: Frames, customer: str | None = None) -> pd.DataFrame:
        """The snapshot of these rows, sorted by customer_id; equal to ``to_pandas(snapshot(from_frames(frames)))``.

        ``customer`` is whose rows they are if the plan is for one alone.

        Raises:
            Untranslated: a number is not finite, or too large; a customer alone has several rows.
        """
        texts = Texts(self._program.texts)
        inputs = {key: _input(frames, customer, texts, *key) for key in self._program.inputs}
        rows_n, *values = self._program.run(inputs, texts, self._results)
        return self._as_pandas(dict(zip(self._kinds, values, strict=True)), rows_n, texts)

    def _as_pandas(self, found: dict[str, Any], rows_n: int, texts: Texts) -> pd.DataFrame:
        labels = {name: self._texts_of(found[name], name, rows_n, texts) for name in self._labels}
        ids = labels["customer_id"]
        order = sorted(range(rows_n), key=lambda row: str(ids[row]))
        everything = pa.array([values[row] for values in labels.values() for row in order], pa.large_string())
        others = {name: text_array(everything.slice(at * rows_n, rows_n)) for at, name in enumerate(labels)}
        return side_by_side(self._columns, self._block(found, rows_n)[order], others)

    def _texts_of(self, values: Any, name: str, rows_n: int, texts: Texts) -> list[str | None]:
        if name in self._ones:
            return [None if values is None else texts.text(values)] * rows_n
        return texts.of(values)

    def _block(self, found: dict[str, Any], rows_n: int) -> NDArray[np.float64]:
        """The columns of numbers side by side, (rows_n, number of them); null is NaN."""
        block = np.empty((rows_n, len(self._numbers)))
        block[:] = np.array([found[name] if name in self._ones else None for name in self._numbers], float)
        for at, name in enumerate(self._numbers):
            if name not in self._ones:
                values, known = found[name]
                block[:, at] = values if known is None else np.where(known, values, np.nan)
        return block


class _Making:
    """What is needed to make a plan, and not to run it."""

    def __init__(self, program: Program, schemas: Schemas, alone: bool) -> None:
        self._program = program
        self._alone = alone
        self._known = {name: self._given(name, schema) for name, schema in schemas.items()}

    def table(self, written: Written) -> Table:
        shared, snapshot = written
        for name, plan in shared.items():
            self._known[name] = table_of(plan, self._program, self._known)
        return table_of(snapshot, self._program, self._known)

    def _given(self, name: str, schema: Mapping[str, Any]) -> Table:
        columns = {column: partial(self._column, name, column, dtype) for column, dtype in schema.items()}
        return Table(columns, partial(self._program.input, (name, None, "rows")))

    def _column(self, table: str, column: str, dtype: pl.DataType) -> Value:
        kind = kind_of(dtype)
        if self._alone and column == "customer_id":
            return Value(self._program.input(("", None, "customer")), kind, one=True)
        return Value(self._program.input((table, column, kind)), kind)


@lru_cache(maxsize=2)  # a customer alone and several have the same
def _written(tables: Tuples, as_of: float, columns: tuple[str, ...] | None, who: Who) -> Written:
    """The snapshot as the families write it, on Polars and without rows, of tables with these columns and types."""
    shared: dict[str, pl.LazyFrame] = {}

    def share(frame: Frame) -> Frame:
        """The same rows, so that the plans that read them need not repeat how they are made."""
        plan: pl.LazyFrame = frame.to_native()
        name = f"shared {len(shared)}"
        shared[name] = plan
        found: Frame = nw.from_native(scan_of(name, plan.collect_schema()))
        return found

    given = from_frames({name: scan_of(name, dict(schema)) for name, schema in tables})
    known = look_back(about(given, as_of), as_of, population=who)
    past = replace(known, tables=known.tables | {name: share(known.tables[name]) for name in given}, share=share)
    return shared, features_of(past, as_of, columns).to_native()


def _input(frames: Frames, customer: str | None, texts: Texts, table: str, column: str | None, kind: str) -> Any:
    """A column of a table, its number of rows, or the customer alone."""
    if kind == "customer":
        return texts.number(str(customer))
    if column is None:
        return frames[table].height
    return column_of(frames[table].get_column(column), kind, texts)


def _customer_alone(frames: Frames) -> str | None:
    """The only customer_id in these rows; None if there are several or none."""
    ids = {
        name for frame in frames.values() if "customer_id" in frame.columns for name in frame["customer_id"].to_list()
    }
    return ids.pop() if len(ids) == 1 and "identities" not in frames else None


class Plans:
    """Plans by ``as_of``, tables and columns; safe to share between threads."""

    def __init__(self, plans_max: int = PLANS_MAX) -> None:
        self._plans_max = plans_max
        self._plans: OrderedDict[Hashable, Plan | None] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self, frames: Frames, as_of: float, columns: Sequence[str] | None = None, who: Who = "buyers"
    ) -> pd.DataFrame:
        """customer_id and ``columns`` (None: all features) of everybody in these rows, sorted by customer_id.

        Equal to ``to_pandas(snapshot(from_frames(frames), as_of, who=who))`` to the last bit; quick from the second
        call on.

        Raises:
            NotFound: a column is no feature of these tables.
        """
        # Without a row it says as much as no table.
        frames = {name: frame for name, frame in frames.items() if name != "identities" or frame.height}
        customer = _customer_alone(frames)
        schemas = {name: frame.schema for name, frame in frames.items()}
        for alone in (True, False) if customer is not None else (False,):
            plan = self._plan(schemas, as_of, columns, alone, who)
            if plan is not None:
                try:
                    return plan(frames, customer)
                except Untranslated:
                    # Rows that are unusual: the next plan may take them, Polars takes all.
                    continue
        found = to_pandas(snapshot(from_frames(frames), as_of, who=who))
        return found if columns is None else found[["customer_id", *columns]]

    def warm(self, schemas: Schemas, as_of: float, columns: Sequence[str] | None = None, who: Who = "buyers") -> None:
        """Make the plans for tables of these ``schemas``, so that the first request is as quick as the next."""
        self._plan(schemas, as_of, columns, alone=False, who=who)
        if "identities" not in schemas:
            self._plan(schemas, as_of, columns, alone=True, who=who)

    def _plan(
        self, schemas: Schemas, as_of: float, columns: Sequence[str] | None, alone: bool, who: Who
    ) -> Plan | None:
        """The plan, from the cache or made now; None if only Polars can carry it out."""
        tables = tuple((name, tuple(schema.items())) for name, schema in schemas.items())
        key = (as_of, None if columns is None else tuple(columns), alone, who, tables)
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                return self._plans[key]
        plan = _made(schemas, as_of, columns, alone, who)
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > self._plans_max:
                self._plans.popitem(last=False)
        return plan


def _made(schemas: Schemas, as_of: float, columns: Sequence[str] | None, alone: bool, who: Who) -> Plan | None:
    try:
        return Plan(schemas, as_of, columns, alone, who)
    except Untranslated as error:
        _LOG.warning("live features are computed in a slower way: arrays cannot do %s", error)
        return None


live_snapshot = Plans()
"""``live_snapshot(frames, as_of, columns)``: with the process's own cache of plans."""
