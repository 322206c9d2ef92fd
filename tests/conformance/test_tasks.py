"""Laws of every task; a new file in models/tasks is found and tested here by itself."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.engines import Tables, from_frames, open_tables, to_pandas
from features.snapshot import feature_names, snapshot
from features.tables import TABLES
from features.windows import to_days
from models.question import Question
from models.targets import target
from models.tasks import Task, eligible_mask, labelled, question, tasks
from tests.features.plain import Frames
from tests.features.shop import whole_shop

AS_OF = datetime(2021, 6, 1)
HORIZON_DAYS = 30.0
END = AS_OF + timedelta(days=HORIZON_DAYS)
TICK = timedelta(microseconds=1)
every_task = pytest.mark.parametrize("task", tasks().values(), ids=list(tasks()))


def labels(task: Task, tables: Tables, as_of: datetime = AS_OF) -> dict[str, float]:
    frame = to_pandas(task.label(tables, to_days(as_of), HORIZON_DAYS))
    assert list(frame.columns) == ["customer_id", "label"]
    assert frame["label"].dtype == np.float64
    assert frame["customer_id"].is_unique
    return dict(zip(frame["customer_id"], frame["label"], strict=True))


def asked(task: Task) -> Question:
    return question(task.NAME, [HORIZON_DAYS])


def shop_of(frames: Frames) -> Tables:
    return from_frames(frames)


@pytest.fixture(scope="module")
def shop() -> Frames:
    return whole_shop()


def time_of(task: Task, table: str) -> str | None:
    """The column by which ``task`` is labelled, of its own table; of others, when a row happened."""
    return task.LABELLED_BY[1] if table == task.LABELLED_BY[0] else TABLES[table].time


def cut(task: Task, frames: Frames, condition: Any) -> Frames:
    """The rows of each table whose time is null or satisfies ``condition``; tables without times are unchanged."""
    times = {name: time_of(task, name) for name in frames}
    return {
        name: rows.filter(condition(pl.col(time)) | pl.col(time).is_null()) if (time := times[name]) else rows
        for name, rows in frames.items()
    }


def all_at(task: Task, frames: Frames, moment: datetime) -> Frames:
    """The same rows, with all times set to one moment."""
    times = {name: time_of(task, name) for name in frames}
    return {
        name: rows.with_columns(pl.lit(moment).cast(pl.Datetime("us")).alias(time)) if (time := times[name]) else rows
        for name, rows in frames.items()
    }


@every_task
def test_a_task_describes_its_outcome_in_words(task: Task) -> None:
    assert task.OUTCOME
    assert "{days:g}" in task.HAPPENS
    assert "30 days" in task.HAPPENS.format(days=30.0)
    assert task.REASON_NOT_ELIGIBLE
    assert bool(task.UNIT) == (task.TARGET == "amount")


@every_task
def test_labels_and_the_missing_label_are_valid_for_the_target(task: Task, shop: Frames) -> None:
    found = np.array([*labels(task, shop_of(shop)).values(), task.MISSING_LABEL])
    assert len(set(found)) > 1
    assert len(target(task.TARGET).labels(found, asked(task))) == len(found)


@every_task
def test_a_label_depends_on_the_horizon_alone(task: Task, shop: Frames) -> None:
    own_time = TABLES[task.LABELLED_BY[0]].time == task.LABELLED_BY[1]
    # What has a beginning and an end, a contract, may still run when the horizon ends.
    inside = cut(task, shop, (lambda at: (at >= AS_OF) & (at < END)) if own_time else (lambda at: at >= AS_OF))
    assert labels(task, shop_of(inside)) == labels(task, shop_of(shop))


@every_task
@pytest.mark.parametrize(("moment", "counts"), [(AS_OF - TICK, False), (AS_OF, True), (END - TICK, True), (END, False)])
def test_the_horizon_includes_its_start_and_excludes_its_end(
    task: Task, shop: Frames, moment: datetime, counts: bool
) -> None:
    found = labels(task, shop_of(all_at(task, shop, moment))).values()
    assert any(label != task.MISSING_LABEL for label in found) is counts


@every_task
def test_a_corrected_row_counts_once_as_corrected(task: Task, shop: Frames) -> None:
    """Whatever the wrong version contained, and however late the correction became known."""
    table, time = task.LABELLED_BY
    rows = shop[table].filter(pl.col("replaced_at").is_null())
    late = rows.with_columns(known_at=pl.col(str(TABLES[table].time)) + timedelta(days=300))
    wrong = {"orders": {"order_id": "wrong " + pl.col("order_id"), "quantity": pl.col("quantity") * 7}}.get(table, {})
    replaced = rows.with_columns(**wrong, **{time: pl.lit(AS_OF + TICK)}, replaced_at=pl.lit(AS_OF + 2 * TICK))
    right = labels(task, shop_of(shop | {table: rows}))
    assert labels(task, shop_of(shop | {table: pl.concat([replaced, late])})) == right


@every_task
def test_a_label_depends_on_neither_other_customers_nor_the_order_of_rows_nor_the_engine(
    task: Task, shop: Frames
) -> None:
    whole = labels(task, shop_of(shop))
    shuffled = {name: rows.sample(fraction=1, shuffle=True, seed=1) for name, rows in shop.items()}
    assert labels(task, shop_of(shuffled)) == whole
    for customer in list(whole)[::7]:
        alone = {name: _of(rows, customer) for name, rows in shop.items()}
        assert labels(task, shop_of(alone)) == {customer: whole[customer]}


def _of(rows: pl.DataFrame, customer: str) -> pl.DataFrame:
    return rows.filter(pl.col("customer_id") == customer) if "customer_id" in rows.columns else rows


@every_task
def test_the_labels_are_the_same_on_duckdb(task: Task, shop: Frames, tmp_path: Path) -> None:
    for name, rows in shop.items():
        rows.write_parquet(tmp_path / f"{name}.parquet")
    assert labels(task, open_tables(tmp_path, "duckdb")) == labels(task, open_tables(tmp_path, "polars"))


@every_task
def test_eligibility_needs_features_alone_and_is_the_same_in_training_and_serving(task: Task, shop: Frames) -> None:
    tables = shop_of(shop)
    features = snapshot(tables, to_days(AS_OF), who=task.WHO)
    X = to_pandas(features)
    asked_about = eligible_mask(task.NAME, X[list(feature_names(tables))], HORIZON_DAYS)
    rows = to_pandas(labelled(asked(task), features, tables, to_days(AS_OF)))
    assert set(rows["customer_id"]) == set(X["customer_id"][asked_about])
    assert len(rows)


@every_task
def test_customers_without_events_get_the_missing_label(task: Task, shop: Frames) -> None:
    tables = shop_of(cut(task, shop, lambda at: at < AS_OF))
    everybody = snapshot(tables, to_days(AS_OF), who=task.WHO)
    rows = to_pandas(labelled(asked(task), everybody, tables, to_days(AS_OF)))
    assert set(rows["label"]) == {task.MISSING_LABEL}
