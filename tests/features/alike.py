"""Equal to the last bit: whole snapshots, and one family's columns on every engine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from features.engines import Engine, from_frames, open_tables, to_pandas
from features.entities import about
from features.families import families, is_text
from features.past import look_back
from features.snapshot import snapshot
from features.windows import to_days
from tests.features.rows import AS_OF


def snapshot_of(frames: dict[str, pl.DataFrame], as_of: datetime = AS_OF) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(frames), to_days(as_of)))


def assert_same_bits(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal customers and columns, equal texts, and every number equal to the last bit (null to null)."""
    assert list(found.columns) == list(expected.columns)
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    for name in found.columns[1:]:
        if is_text(name):
            assert found[name].fillna("").tolist() == expected[name].fillna("").tolist(), name
        else:
            assert found[name].dtype == np.float64, name
            np.testing.assert_array_equal(found[name].to_numpy(), expected[name].to_numpy(), err_msg=name)


def assert_alike(
    family: str,
    frames: dict[str, pl.DataFrame],
    folder: Path,
    as_of: datetime,
    engines: Sequence[Engine] = ("polars", "duckdb"),
) -> None:
    """What ``family`` computes from ``frames`` written to ``folder`` is one and the same on ``engines``."""
    for name, table in frames.items():
        table.write_parquet(folder / f"{name}.parquet")
    first, *others = [_columns(family, folder, as_of, engine) for engine in engines]
    assert others
    assert len(first) > 30
    for other in others:
        assert list(first.columns) == list(other.columns)
        for name in first.columns:
            np.testing.assert_array_equal(first[name].to_numpy(), other[name].to_numpy(), err_msg=name)


def _columns(family: str, folder: Path, as_of: datetime, engine: Engine) -> pd.DataFrame:
    days = to_days(as_of)
    past = look_back(about(open_tables(folder, engine), days), days)
    found = to_pandas(families()[family].compute(past, days))
    text = [name for name in found if families()[family].is_text(name) and len(found)]
    return found.assign(**{name: found[name].fillna("") for name in text})
