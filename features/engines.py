"""Opening canonical tables on an engine, and bringing features back as pandas, the frame at the model boundary.

All differences between engines are settled here; families know one kind of frame.
"""

import tempfile
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import polars.selectors
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.internals import create_dataframe_from_blocks  # type: ignore[import-not-found]

from features.columns import Column, TableSpec
from features.errors import BadInput, BadTable, NotFound
from features.exact import per
from features.tables import OPEN_TABLES, TABLES
from features.windows import MICROSECONDS_A_DAY, Frame

Engine = Literal["polars", "duckdb", "spark"]
Tables = dict[str, Frame]

_TYPES = {
    "str": nw.String(),
    "float": nw.Float64(),
    "int": nw.Int64(),
    "bool": nw.Boolean(),
    "time": nw.Datetime("us"),
    "date": nw.Date(),
}

DUCKDB_MEMORY = "2GB"
"""How much DuckDB keeps in memory before it spills to a temporary folder; results in Python come on top."""

_IDS = polars.selectors.ends_with("_id") & polars.selectors.string()
_TEXT = pd.StringDtype(na_value=float("nan"))


def open_tables(folder: Path, engine: Engine = "polars") -> Tables:
    """The canonical tables ``<folder>/<table>.parquet`` that exist, but the vault, lazily, with times in days as well.

    ``at_days`` is when a row happened; each time column ``x`` gets a column ``x_days``.

    Raises:
        NotFound: there is no table in the folder.
        BadInput: the engine is unknown, or not installed.
        BadTable: a table lacks a column that the contract requires.
    """
    paths = {name: folder / f"{name}.parquet" for name in OPEN_TABLES if (folder / f"{name}.parquet").is_file()}
    if not paths:
        raise NotFound(f"no canonical table in {folder.name}/: run `coterie ingest` first")
    read = _reader(engine)
    return {name: _timed(TABLES[name], _with_values(TABLES[name], path, read)) for name, path in paths.items()}


def _reader(engine: Engine) -> Callable[[str], Any]:
    """How the engine reads a Parquet file."""
    if engine == "polars":
        return pl.scan_parquet
    if engine == "duckdb":
        return cast(Callable[[str], Any], _duckdb().read_parquet)
    if engine == "spark":
        return cast(Callable[[str], Any], spark_session().read.parquet)
    raise BadInput(f"engine '{engine}' is unknown: use 'polars', 'duckdb' or 'spark'")


def _with_values(spec: TableSpec, path: Path, read: Callable[[str], Any]) -> Frame:
    """The file's rows without those optional columns that have no value in it."""
    frame: Frame = nw.from_native(read(str(path)))
    always = [column.name for column in spec.columns if column.always]
    return frame.drop(name for name in always if _is_empty(path, name)) if always else frame


def _is_empty(path: Path, column: str) -> bool:
    """Whether the file has the column and, by its own statistics, not one value in it."""
    file = pq.read_metadata(path)
    names = file.schema.names
    if column not in names:
        return False
    groups = [file.row_group(number) for number in range(file.num_row_groups)]
    statistics = [(group.num_rows, group.column(names.index(column)).statistics) for group in groups]
    return all(found is not None and found.has_null_count and found.null_count == n for n, found in statistics)


def _duckdb() -> Any:
    import duckdb  # imported here so that workers and the service start without it

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
    connection.execute(f"SET temp_directory = '{tempfile.gettempdir()}/coterie-spill-{uuid.uuid4().hex}'")
    return connection


def spark_session() -> Any:
    """The running Spark session, else a local one on all cores; times are UTC in either.

    Raises:
        BadInput: pyspark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BadInput("engine 'spark' needs pyspark and Java 17: install coterie[spark], or use 'duckdb'") from None
    session = SparkSession.getActiveSession()
    if session is None:
        session = (
            SparkSession.builder.master("local[*]")
            .appName("coterie")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "4")
            .getOrCreate()
        )
    session.conf.set("spark.sql.session.timeZone", "UTC")
    return session


def from_frames(frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Tables:
    """Canonical tables that are in memory already, such as the histories in a request to the service.

    Nullable columns may be missing; they are filled with null.

    Raises:
        BadTable: a table is not of the contract, or lacks a column that the contract requires.
    """
    unknown = sorted(set(frames) - set(OPEN_TABLES))
    if unknown:
        raise BadTable(f"table '{unknown[0]}' is unknown: the tables that features read are {', '.join(OPEN_TABLES)}")
    return {name: _timed(TABLES[name], nw.from_native(frame.lazy())) for name, frame in frames.items()}


def given(tables: Tables) -> frozenset[str]:
    """What features can be made of: the names of ``tables``, and as ``table.column`` what not every such table has.

    These are optional columns, and columns that the source declares what they mean.
    """
    columns = {name: table.collect_schema().names() for name, table in tables.items() if _may_vary(TABLES[name])}
    return frozenset(tables) | {
        f"{table}.{name}"
        for table, names in columns.items()
        for name in names
        if name in TABLES[table].optional or TABLES[table].is_declared(name)
    }


def _may_vary(spec: TableSpec) -> bool:
    return bool(spec.optional) or spec.extra_prefix is not None


def without_rows(name: str, like: Frame) -> Frame:
    """The contract's table ``name`` without a row, on the engine of ``like`` and with ids of the same type."""
    empty = beside(like, _empty(name))
    return _ids_as_categories(empty) if like.collect_schema()["customer_id"] == nw.Categorical else empty


@cache
def _empty(name: str) -> pl.DataFrame:
    schema = {column.name: _TYPES[column.type] for column in TABLES[name].columns}
    rows: Frame = nw.from_dict({column: [] for column in schema}, schema, backend="polars").lazy()
    return on_polars(_timed(TABLES[name], rows))


def shared(frame: Frame) -> Frame:
    """The same rows, computed once however often they are used from here on, until ``freed``.

    Polars finds the common parts of a plan by itself; DuckDB writes a table, Spark caches the frame.
    """
    native: Any = frame.to_native()
    if frame.implementation.is_duckdb():
        name = f"shared_{uuid.uuid4().hex}"
        native.create(name)
        # The alias names the table that ``free`` has to drop.
        stored: Frame = nw.from_native(native.query("frame", f"FROM {name}").set_alias(name))
        return stored
    if frame.implementation.is_pyspark():
        cached: Frame = nw.from_native(native.persist())
        return cached
    return frame


def materialised(frame: Frame) -> Frame:
    """The same rows, computed now and stored until ``free``: in memory, on DuckDB where there is room.

    On Polars ids become categories, which it groups and joins nearly twice as fast as texts.
    """
    if frame.implementation.is_polars():
        return _ids_as_categories(frame).collect().lazy()
    return shared(frame)


def free(frames: Iterable[Frame]) -> None:
    """Release what ``shared`` and ``materialised`` stored for these, in the order they were made.

    Whatever is made of them must have been computed.
    """
    # A DuckDB relation depends on all it was made of, so the last goes first.
    for frame in reversed(list(frames)):
        native: Any = frame.to_native()
        if frame.implementation.is_duckdb():
            native.query("frame", f"DROP TABLE {native.alias}")
        elif frame.implementation.is_pyspark():
            native.unpersist()


def beside(frame: Frame, rows: pl.DataFrame) -> Frame:
    """A few rows made in Python, on the engine of ``frame`` so that it can be joined with them."""
    native: Any = frame.to_native()
    if frame.implementation.is_duckdb():
        # DuckDB finds ``rows`` by its name, on the connection that the frame is from.
        small: Frame = nw.from_native(native.query("frame", "FROM rows"))
        return small
    if frame.implementation.is_pyspark():
        distributed: Frame = nw.from_native(native.sparkSession.createDataFrame(rows.to_arrow()))
        return distributed
    return nw.from_native(rows.lazy())


def _ids_as_categories(frame: Frame) -> Frame:
    cast_: Frame = nw.from_native(frame.to_native().with_columns(_IDS.cast(pl.Categorical)))
    return cast_


def on_polars(frame: Frame) -> pl.DataFrame:
    """The rows, computed by the frame's own engine."""
    return cast(pl.DataFrame, frame.collect("polars").to_native())


def counted(frame: Frame) -> pl.DataFrame:
    """Like ``on_polars``, in no order: few rows made of many, which Polars then never has in memory at once."""
    native: Any = frame.to_native()
    if frame.implementation.is_polars():
        return cast(pl.DataFrame, native.collect(engine="streaming"))
    return on_polars(frame)


def to_pandas(frame: Frame) -> pd.DataFrame:
    """All rows sorted by ``as_of`` and ``customer_id`` where they exist; numbers are float64, null is NaN."""
    return frame_to_pandas(on_polars(frame))


def frame_to_pandas(table: pl.DataFrame) -> pd.DataFrame:
    """Like ``to_pandas``, of rows that are in memory."""
    schema = table.schema
    keys = [name for name in ("as_of", "customer_id") if name in schema]
    if keys and table.height > 1:
        table = table.sort(keys)
    # All numbers in one block: one Series per column would take longer than a whole snapshot of one customer.
    numbers = [name for name, kind in schema.items() if kind.is_numeric() or kind == pl.Boolean]
    small = [name for name in numbers if schema[name] != pl.Float64]
    block = table.select(numbers).with_columns(pl.col(small).cast(pl.Float64)).to_numpy(order="fortran")
    if not numbers:  # Without a column Polars has no rows either.
        block = np.empty((table.height, 0))
    known = set(numbers)
    others = {name: _text_or_time(table[name]) for name in schema if name not in known}
    return side_by_side(pd.Index(list(schema)), block, others)


def side_by_side(columns: pd.Index, numbers: NDArray[np.float64], others: Mapping[str, Any]) -> pd.DataFrame:
    """The pandas frame with these ``columns``: the ``others`` by name, and ``numbers`` (rows, the other columns)."""
    place = {name: at for at, name in enumerate(columns)}
    blocks = [(array, np.array([place.pop(name)])) for name, array in others.items()]
    blocks.append((numbers.T, np.fromiter(place.values(), np.intp)))
    found: pd.DataFrame = create_dataframe_from_blocks(blocks, index=pd.RangeIndex(len(numbers)), columns=columns)
    return found


def text_array(texts: Any) -> Any:
    """An Arrow array of texts as pandas stores them."""
    return pd.arrays.ArrowStringArray(texts, dtype=_TEXT)  # type: ignore[call-arg]


def _text_or_time(column: pl.Series) -> Any:
    if column.dtype == pl.String:
        return text_array(column.to_arrow())
    values = pd.Series(column.to_list()).array
    return values.to_numpy().reshape(1, -1) if isinstance(values, pd.arrays.NumpyExtensionArray) else values


def _timed(spec: TableSpec, frame: Frame) -> Frame:
    """The contract's columns, and every time in days as well."""
    conformed = _conform(spec, frame)
    clocks = _clocks(spec)
    counted = _with_microseconds(conformed, clocks)
    return counted.with_columns(per(nw.col(name), MICROSECONDS_A_DAY) for name in clocks)


def _with_microseconds(frame: Frame, clocks: dict[str, str]) -> Frame:
    """Times as whole microseconds since 1970, for which Narwhals has no expression that works on all engines."""
    native: Any = frame.to_native()
    if frame.implementation.is_duckdb():
        counted = native.project(", ".join(["*", *(f'epoch_us("{source}") AS {n}' for n, source in clocks.items())]))
    elif frame.implementation.is_pyspark():
        from pyspark.sql.functions import unix_micros

        counted = native.withColumns({name: unix_micros(source) for name, source in clocks.items()})
    else:
        counted = native.with_columns(pl.col(s).dt.timestamp("us").alias(n) for n, s in clocks.items())
    return cast(Frame, nw.from_native(counted))


def _clocks(spec: TableSpec) -> dict[str, str]:
    """Which float-day column comes from which time column; ``at_days`` is when the row happened."""
    clocks = {"at_days": spec.time} if spec.time else {}
    return clocks | {f"{column.name}_days": column.name for column in spec.columns if column.type == "time"}


def _conform(spec: TableSpec, frame: Frame) -> Frame:
    """The contract's columns in its order and types; nullable ones that are missing become null, unless optional."""
    names = frame.collect_schema()
    missing = [name for name in spec.required if name not in names]
    if missing:
        raise BadTable(f"table '{spec.name}' has no column '{missing[0]}': it needs {', '.join(spec.required)}")
    extra = sorted(name for name in names if spec.is_extra(name) or spec.is_declared(name))
    return frame.select(*(_typed(column, names.get(column.name)) for column in spec.columns_given(names)), *extra)


def _typed(column: Column, found: nw.dtypes.DType | None) -> nw.Expr:
    wanted = _TYPES[column.type]
    if found == wanted:
        return nw.col(column.name)
    return (nw.lit(None) if found is None else nw.col(column.name)).cast(wanted).alias(column.name)
