"""Who has a row in a snapshot, when an event happened, and that every engine gives the same bits."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from features.engines import from_frames, open_tables, to_pandas
from features.errors import BadTable
from features.families import families
from features.snapshot import snapshot
from features.windows import to_days
from tests.features.alike import assert_same_bits, snapshot_of
from tests.features.plain import Frames
from tests.features.rows import AS_OF, SALES, frames
from tests.features.shop import grown_shop


@pytest.mark.parametrize("microseconds", [0, 1, 7, 10**6 - 1, 86_399_999_999])
def test_every_moment_has_one_name_in_days(microseconds: int) -> None:
    moment = datetime(2021, 3, 5) + timedelta(microseconds=microseconds)
    frame = pl.DataFrame({"customer_id": ["a"] * 5, "at": [moment] * 5, "channel": "ads", "kind": "sent"})
    for rows in (frame, frame[:1]):
        days = from_frames({"touches": rows})["touches"].collect("polars")["at_days"].to_list()
        assert set(days) == {to_days(moment)}


def test_only_customers_with_a_sale_have_a_row() -> None:
    assert snapshot_of(frames({"orders": [SALES[0] | {"kind": "return"}]})).empty
    assert snapshot_of(frames({"orders": [SALES[0]]}))["customer_id"].tolist() == ["ann"]


def test_a_snapshot_without_orders_says_what_to_do() -> None:
    touches = pl.DataFrame({"customer_id": ["a"], "at": [AS_OF], "channel": ["ads"], "kind": ["sent"]})
    with pytest.raises(BadTable, match="found touches, a snapshot needs orders, events or subscriptions"):
        snapshot(from_frames({"touches": touches}), to_days(AS_OF))


@pytest.fixture(scope="module")
def batch(world: Frames) -> pd.DataFrame:
    found = snapshot_of(world)
    assert len(found) > 40
    return found


@pytest.fixture(scope="module")
def folder(world: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world as files."""
    written = tmp_path_factory.mktemp("world")
    for name, table in world.items():
        table.write_parquet(written / f"{name}.parquet")
    return written


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_files_and_engines_give_the_same(folder: Path, batch: pd.DataFrame, engine: str) -> None:
    assert_same_bits(to_pandas(snapshot(open_tables(folder, engine), to_days(AS_OF))), batch)


@pytest.fixture
def spark() -> Iterator[None]:
    """A small local Spark that interprets its plans and spares the JVM's best compiler: the rows are few."""
    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    interpreted = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    small = {"spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false", "spark.ui.enabled": "false"}
    quick = {
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }
    local = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    session = sql.SparkSession.builder.master("local[2]").config(map=interpreted | small | quick | local).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield
    session.stop()


@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_spark_gives_the_same(tmp_path: Path) -> None:
    """On a shop with every table and optional column, so that every family has its columns."""
    shop = grown_shop()
    for name, table in shop.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    expected = snapshot_of(shop)
    assert [name for name, each in families().items() if not any(map(each.owns, expected))] == []
    assert_same_bits(to_pandas(snapshot(open_tables(tmp_path, "spark"), to_days(AS_OF))), expected)
