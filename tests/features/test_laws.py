"""Laws of the snapshot: neither the future, the order of rows, the engine nor other customers can change a bit.

They hold for every family and every table, found by scanning.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines import from_frames, open_tables, to_pandas
from features.errors import BadTable
from features.families import families, text_names
from features.snapshot import feature_names, snapshot
from features.tables import TABLES
from features.windows import to_days
from tests.features.plain import Frames, known_rows, profiles
from tests.features.rows import AS_OF, SALES, TICK, Row, Rows, frames, side_by_side, tables

few = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def features_of(given_frames: Frames, as_of: datetime = AS_OF) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(given_frames), to_days(as_of)))


def assert_same_bits(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal customers and columns, equal texts, and every number equal to the last bit (null to null)."""
    assert list(found.columns) == list(expected.columns)
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    for name in found.columns[1:]:
        if name in text_names():
            assert found[name].fillna("").tolist() == expected[name].fillna("").tolist(), name
        else:
            assert found[name].dtype == np.float64, name
            np.testing.assert_array_equal(found[name].to_numpy(), expected[name].to_numpy(), err_msg=name)


def assert_same_features(left: Rows, right: Rows) -> None:
    """Of each customer on the left and on the right, in one snapshot of both."""
    found = features_of(side_by_side(left, right))
    side = found["customer_id"].str.split(" ", n=1, expand=True)
    halves = [found[side[0] == name].assign(customer_id=side[1]).reset_index(drop=True) for name in ("left", "right")]
    assert len(halves[0])
    assert_same_bits(*halves)


@few
@given(tables("seen"), st.one_of(tables("ahead"), tables("not yet known"), tables("replaced")))
def test_rows_ahead_not_yet_known_or_replaced_change_nothing(past: Rows, hidden: Rows) -> None:
    with_hidden = {name: hidden.get(name, []) + rows for name, rows in past.items()}
    assert_same_features(with_hidden, past)


@few
@given(tables("seen"))
def test_what_comes_to_light_later_changes_nothing_now(past: Rows) -> None:
    """A correction, and a date that lay ahead; and it is all the same since when a row has been known."""

    def as_seen(table: str, row: Row) -> Row:
        dates = {name: None for name in ("signed_up_at", "ended_at") if row.get(name) and row[name] >= AS_OF}
        since = {"known_at": None} if TABLES[table].time else {}
        return row | {name: None for name in ("replaced_at",) if name in row} | dates | since

    then = {name: [as_seen(name, row) for row in rows] for name, rows in past.items()}
    assert_same_features(past, then)


TELLING: dict[str, Row] = {
    "orders": {"order_id": "o", "quantity": 2.0, "unit_price": 3.0, "kind": "sale"},
    "events": {"kind": "help"},
    "touches": {"channel": "email", "kind": "sent"},
    "feedback": {"kind": "ticket"},
    "subscriptions": {"plan": "plus"},
    "customers": {"gender": "female"},
    "identities": {},
}
"""A row of each table that shows in the features."""
YESTERDAY = AS_OF - timedelta(days=1)
MOMENTS: dict[str, Row] = {
    "seen": {"at": AS_OF - TICK},
    "seen, known just in time": {"at": AS_OF - TICK, "known_at": AS_OF - TICK},
    "seen, replaced at as_of": {"at": AS_OF - TICK, "replaced_at": AS_OF},
    "hidden, at as_of": {"at": AS_OF},
    "hidden, known at as_of": {"at": AS_OF - TICK, "known_at": AS_OF},
    "hidden, replaced just before": {"at": AS_OF - TICK, "replaced_at": AS_OF - TICK},
}


@pytest.fixture(scope="module")
def boundary() -> pd.DataFrame:
    """Customers that differ by one row: for each table and moment one customer has that row at that moment."""
    rows: Rows = {name: [] for name in TABLES}
    for table, moment in ((table, moment) for table in TELLING for moment in ("nothing", *MOMENTS)):
        who = f"{table}: {moment}"
        rows["orders"].append(SALES[0] | {"customer_id": who, "order_id": who})
        if table == "identities":
            rows["orders"].append(SALES[0] | {"customer_id": f"other {who}", "order_id": f"other {who}"})
        if moment != "nothing" and _can_be(table, moment):
            rows[table].append(_row_of(table, who, MOMENTS[moment]))
    return features_of(frames(rows)).set_index("customer_id")


def _can_be(table: str, moment: str) -> bool:
    further = set(MOMENTS[moment]) - {"at"}
    timed = TABLES[table].time is not None
    return further <= set(TABLES[table].column_names) and (timed or bool(further) or moment == "seen")


def _row_of(table: str, who: str, moment: Row) -> Row:
    spec = TABLES[table]
    times = {spec.time if name == "at" else name: at for name, at in moment.items() if name != "at" or spec.time}
    alias = {"alias_id": f"other {who}"} if table == "identities" else {}
    return dict.fromkeys(spec.column_names) | {"customer_id": who} | TELLING[table] | alias | times


@pytest.mark.parametrize(
    ("table", "moment"), [(t, moment) for t in TELLING for moment in MOMENTS if _can_be(t, moment)]
)
def test_the_boundary_is_one_microsecond_wide(boundary: pd.DataFrame, table: str, moment: str) -> None:
    without, there, found = (boundary.loc[f"{table}: {name}"] for name in ("nothing", "seen", moment))
    read = {need for family in families().values() for need in family.NEEDS} | {"identities", "subscriptions"}
    assert table not in read or not all(_equal(without[name], there[name]) for name in boundary)
    # The one column that says since when the row has been known.
    found["profile_changed_days"] = there["profile_changed_days"]
    assert all(_equal(found[name], (there if moment.startswith("seen") else without)[name]) for name in boundary)


def _equal(a: object, b: object) -> bool:
    return a == b or (pd.isna(a) and pd.isna(b))


@pytest.mark.parametrize("microseconds", [0, 1, 7, 10**6 - 1, 86_399_999_999])
def test_every_moment_has_one_name_in_days(microseconds: int) -> None:
    moment = datetime(2021, 3, 5) + timedelta(microseconds=microseconds)
    frame = pl.DataFrame({"customer_id": ["a"] * 5, "at": [moment] * 5, "channel": "ads", "kind": "sent"})
    for rows in (frame, frame[:1]):
        days = from_frames({"touches": rows})["touches"].collect("polars")["at_days"].to_list()
        assert set(days) == {to_days(moment)}


def test_only_customers_with_a_sale_have_a_row() -> None:
    assert features_of(frames({"orders": [SALES[0] | {"kind": "return"}]})).empty
    assert features_of(frames({"orders": [SALES[0]]}))["customer_id"].tolist() == ["ann"]


@pytest.fixture(scope="module")
def batch(world: Frames) -> pd.DataFrame:
    found = features_of(world)
    assert len(found) > 40
    return found


def test_row_order_does_not_matter(world: Frames, batch: pd.DataFrame) -> None:
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=3) for name, table in world.items()}
    assert_same_bits(features_of(shuffled), batch)


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


@pytest.mark.usefixtures("spark")
def test_spark_gives_the_same(folder: Path, batch: pd.DataFrame) -> None:
    assert_same_bits(to_pandas(snapshot(open_tables(folder, "spark"), to_days(AS_OF))), batch)


def test_one_customer_alone_equals_the_batch(world: Frames, batch: pd.DataFrame) -> None:
    """Alone, but for family relations, which is about a company's contacts: theirs come along."""
    company = {who: row["company_id"] for who, row in profiles(world, AS_OF).items() if row["company_id"]}
    whole = batch.set_index("customer_id", drop=False)
    for customer in batch["customer_id"][::5]:
        contacts = {who for who in company if company[who] == company.get(customer)} | {customer}
        own = [name for name in batch if not name.startswith("relations_")]
        for circle, columns in (({customer}, own), (contacts, list(batch))):
            found = features_of(_of(world, circle)).set_index("customer_id", drop=False)
            assert_same_bits(*(frame.loc[[customer], columns].reset_index(drop=True) for frame in (found, whole)))


def _of(world: Frames, customers: set[str]) -> Frames:
    """The rows of these customers, under all ids that are known to be theirs."""
    links = [link for link in known_rows(world, "identities", AS_OF) if link["customer_id"] in customers]
    ids = customers | {link["alias_id"] for link in links}
    return {
        name: table.filter(pl.col("customer_id").is_in(ids)) if "customer_id" in table.columns else table
        for name, table in world.items()
    }


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"orders", "identities"}))
def test_without_a_table_its_columns_are_gone_or_null_and_no_others_change(
    world: Frames, batch: pd.DataFrame, table: str
) -> None:
    bare = features_of({name: rows for name, rows in world.items() if name != table})
    gone = {column for f in families().values() if table in f.NEEDS for column in f.COLUMNS}
    assert set(bare) == set(batch) - gone
    # The first of several occasions that fits: without a table, the next that is known.
    mixed = {"situation_last_order_occasion"}
    told = [name for name in bare if bare[name].notna().any() and name not in mixed]
    assert_same_bits(bare[told], batch[told])


def test_a_snapshot_without_orders_says_what_to_do() -> None:
    touches = pl.DataFrame({"customer_id": ["a"], "at": [AS_OF], "channel": ["ads"], "kind": ["sent"]})
    with pytest.raises(BadTable, match="found touches, a snapshot needs 'orders'"):
        snapshot(from_frames({"touches": touches}), to_days(AS_OF))


@few
@given(tables("seen"))
def test_every_value_is_finite(past: Rows) -> None:
    numbers = features_of(frames(past)).drop(columns=["customer_id", *text_names()])
    assert not np.isinf(numbers.to_numpy()).any()


def test_every_column_is_named_after_its_family_and_documented() -> None:
    for name, family in families().items():
        assert family.NEEDS
        for column, meaning in family.COLUMNS.items():
            assert column.startswith(f"{name}_"), column
            assert meaning.endswith("."), column
        for kind in ("TEXT", "PROTECTED", "ZERO_IF_NONE"):
            assert set(getattr(family, kind, ())) <= set(family.COLUMNS), (name, kind)
    assert len(set(feature_names(set(TABLES)))) == len(feature_names(set(TABLES)))
