"""One family's columns, to the last bit the same on every engine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from features.engines import Engine, open_tables, to_pandas
from features.entities import about
from features.families import families
from features.past import look_back
from features.windows import to_days


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
    text = [name for name in getattr(families()[family], "TEXT", ()) if len(found)]
    return found.assign(**{name: found[name].fillna("") for name in text})
