"""Opening canonical tables on an engine, and bringing features back as pandas, the frame at the model boundary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl

from features.errors import BadInput, BadTable, NotFound
from features.exact import per
from features.tables import TABLES, Column, TableSpec
from features.windows import MICROSECONDS_A_DAY, Frame

Engine = Literal["polars", "duckdb"]
Tables = dict[str, Frame]

_TYPES = {
    "str": nw.String(),
    "float": nw.Float64(),
    "int": nw.Int64(),
    "bool": nw.Boolean(),
    "time": nw.Datetime("us"),
    "date": nw.Date(),
}


def open_tables(folder: Path, engine: Engine = "polars") -> Tables:
    """The canonical tables ``<folder>/<table>.parquet`` that exist, lazily, with ``at_days`` and ``known_at_days``."""
    paths = {name: folder / f"{name}.parquet" for name in TABLES if (folder / f"{name}.parquet").is_file()}
    if not paths:
        raise NotFound(f"no canonical table in {folder.name}/: run `coterie ingest` first")
    if engine == "polars":
        return {name: _on_polars(TABLES[name], pl.scan_parquet(path)) for name, path in paths.items()}
    if engine == "duckdb":
        connection = duckdb.connect()
        return {name: _on_duckdb(TABLES[name], connection.read_parquet(str(path))) for name, path in paths.items()}
    raise BadInput(f"engine '{engine}' is unknown: use 'polars' or 'duckdb'")


def from_frames(frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Tables:
    """Canonical tables that are in memory already, as the service has a customer's own history.

    Nullable columns may be missing; they are filled with null.
    """
    unknown = sorted(set(frames) - set(TABLES))
    if unknown:
        raise BadTable(f"table '{unknown[0]}' is unknown: the canonical tables are {', '.join(TABLES)}")
    return {name: _on_polars(TABLES[name], frame.lazy()) for name, frame in frames.items()}


def to_pandas(frame: Frame) -> pd.DataFrame:
    """All rows sorted by ``as_of`` and ``customer_id`` where they exist; numbers are float64, null is NaN."""
    table = cast(pl.DataFrame, frame.collect("polars").to_native())
    keys = [name for name in ("as_of", "customer_id") if name in table.columns]
    if keys:
        table = table.sort(keys)
    return pd.DataFrame({name: _to_numpy_like(table[name]) for name in table.columns})


def _to_numpy_like(column: pl.Series) -> "pd.Series[Any]":
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return pd.Series(column.cast(pl.Float64).to_numpy())
    return pd.Series(column.to_list(), dtype="str" if column.dtype == pl.String else None)


def _on_polars(spec: TableSpec, table: pl.LazyFrame) -> Frame:
    frame = _conform(spec, nw.from_native(table))
    timed: Frame = nw.from_native(
        frame.to_native().with_columns(pl.col(s).dt.timestamp("us").alias(n) for n, s in _clocks(spec).items())
    )
    return timed.with_columns(per(nw.col(name), MICROSECONDS_A_DAY) for name in _clocks(spec))


def _on_duckdb(spec: TableSpec, table: duckdb.DuckDBPyRelation) -> Frame:
    frame = _conform(spec, nw.from_native(table))
    microseconds = [f'epoch_us("{source}") AS {name}' for name, source in _clocks(spec).items()]
    timed: Frame = nw.from_native(frame.to_native().project(", ".join(["*", *microseconds])))
    return timed.with_columns(per(nw.col(name), MICROSECONDS_A_DAY) for name in _clocks(spec))


def _clocks(spec: TableSpec) -> dict[str, str]:
    """Which float-day column comes from which time column."""
    clocks = {"at_days": spec.time} if spec.time else {}
    return clocks | {f"{name}_days": name for name in ("known_at", "replaced_at") if name in spec.column_names}


def _conform(spec: TableSpec, frame: Frame) -> Frame:
    """The contract's columns in its order and types; nullable ones that are missing become null."""
    names = set(frame.collect_schema().names())
    missing = [name for name in spec.required if name not in names]
    if missing:
        raise BadTable(f"table '{spec.name}' has no column '{missing[0]}': it needs {', '.join(spec.required)}")
    extra = sorted(name for name in names if spec.extra_prefix and name.startswith(spec.extra_prefix))
    return frame.select(*(_typed(column, column.name in names) for column in spec.columns), *extra)


def _typed(column: Column, present: bool) -> nw.Expr:
    value = nw.col(column.name) if present else nw.lit(None)
    return value.cast(_TYPES[column.type]).alias(column.name)
