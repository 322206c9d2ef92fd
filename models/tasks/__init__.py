"""Tasks: a question, the customers it is about, and how the future labels them. One file per task."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
from polars.io.plugins import register_io_source

from features.engines import Tables, on_polars
from features.families import families, is_text
from features.past import Who
from features.plugins import plugin, plugins
from features.windows import Frame
from models.question import Question
from models.sample import Mask
from models.targets import target

NEXT_ITEMS = "next_items"
"""The column of a ranking's dataset with the products that were bought after the cutoff."""
NO_ORDER_YET = "no order before this date: nothing to learn from yet"
"""The reason for people without an order, in tasks and models that are about buyers."""


class Task(Protocol):
    """What a task's module defines; names with a value here may be left out."""

    NAME: str
    TARGET: str = "binary"
    """The kind of answer: the name of a file in ``models/targets``."""
    OUTCOME: str
    """What a label records, for learners that derive the outcome instead of learning it (BG/NBD derives purchases)."""
    HAPPENS: str
    """The event in words, with ``{days:g}`` for the horizon: "orders within {days:g} days"."""
    UNIT: str = ""
    """Unit of a label that is an amount; "currency" is the shop's own."""
    WHO: Who = "buyers"
    """The fewest who have to have rows: a task about people without an order needs everybody "known"."""
    LABELLED_BY: tuple[str, str] = ("orders", "at")
    """The table and its time whose moments within the horizon make a label."""
    MISSING_LABEL: float
    """Label of an eligible customer for whom ``label`` has no row."""
    REASON_NOT_ELIGIBLE: str
    """The reason in the answer for a customer who is not eligible."""

    def eligible(self, horizon_days: float) -> nw.Expr:
        """Whether a row of a snapshot is eligible, from its features alone; null means no."""
        ...

    def label(self, tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
        """``customer_id, label`` (float), at most one row per customer, from ``[as_of, as_of + horizon_days)``."""
        ...


def tasks() -> dict[str, Task]:
    """Every task by name."""
    return plugins(__name__, Task)


def task(name: str) -> Task:
    """The task called ``name``; NotFound names the others."""
    return plugin(__name__, Task, name)


def question(task_name: str, horizons: Sequence[float]) -> Question:
    """The task's question at these horizons in days; BadInput if its target cannot answer for them."""
    asked = task(task_name)
    target(asked.TARGET).check_horizons(horizons)
    return Question(task_name, asked.TARGET, asked.OUTCOME, tuple(map(float, horizons)), asked.UNIT)


def labelled(question: Question, snapshot: Frame, tables: Tables, as_of: float) -> Frame:
    """``customer_id, as_of, label`` and the features of the eligible customers in ``snapshot``.

    A customer without a row in ``label`` gets ``MISSING_LABEL``; rows whose ``eligible`` is null are left out.
    """
    asked, horizon_days = task(question.task), question.horizon_days
    features = [name for name in snapshot.collect_schema().names() if name != "customer_id"]
    found = nw.from_native(on_polars(asked.label(tables, as_of, horizon_days)).lazy())
    labels = found.select("customer_id", nw.col("label").cast(nw.Float64))
    joined = snapshot.filter(asked.eligible(horizon_days)).join(labels, on="customer_id", how="left")
    label = nw.col("label").fill_null(asked.MISSING_LABEL)
    return joined.with_columns(as_of=nw.lit(as_of), label=label).select("customer_id", "as_of", "label", *features)


def features_of_eligible(task_name: str, horizon_days: float) -> tuple[str, ...]:
    """The features that ``eligible`` reads: what a lazy table is asked for when the rule is applied to it."""
    names = [name for family in families().values() for name in family.COLUMNS]
    rows = pl.DataFrame(schema={name: pl.String if is_text(name) else pl.Float64 for name in names})
    read: list[str] = []

    def scan(columns: list[str] | None, *_: object) -> Iterator[pl.DataFrame]:
        read.extend(names if columns is None else columns)
        yield rows if columns is None else rows.select(columns)

    source = nw.from_native(register_io_source(scan, schema=dict(rows.schema)))
    source.select(eligible=task(task_name).eligible(horizon_days)).collect()
    return tuple(read)


def eligible_mask(task_name: str, X: pd.DataFrame, horizon_days: float) -> Mask:
    """A mask (n,) of the eligible rows of ``X``; a row whose ``eligible`` is null is not eligible."""
    rule = task(task_name).eligible(horizon_days)
    answer = nw.from_native(X, eager_only=True).select(eligible=rule)["eligible"]
    return np.array([value is True or value is np.True_ for value in answer.to_list()], dtype=np.bool_)
