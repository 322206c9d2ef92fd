"""Laws of the snapshot: neither the future, the order of rows, the engine nor other customers can change a bit."""

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
from features.families import families
from features.snapshot import feature_names, snapshot
from features.windows import to_days

AS_OF = datetime(2022, 1, 17, 10, 30)
few = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

SCHEMA = {
    "order_id": pl.String,
    "customer_id": pl.String,
    "at": pl.Datetime("us"),
    "product_id": pl.String,
    "quantity": pl.Float64,
    "unit_price": pl.Float64,
    "discount": pl.Float64,
    "kind": pl.String,
    "known_at": pl.Datetime("us"),
}


def lines(first: timedelta, last: timedelta, known: st.SearchStrategy[timedelta | None]) -> st.SearchStrategy[tuple]:
    """Order lines from ``first`` to ``last`` after AS_OF; ``known`` is when they became known, after AS_OF as well."""
    return st.tuples(
        st.sampled_from(["o1", "o2", "o3", "o4", "o5"]),
        st.sampled_from(["ann", "bob", "new"]),
        st.timedeltas(first, last).map(lambda since: AS_OF + since),
        st.sampled_from(["p1", "p2", None]),
        st.sampled_from([1.0, 2.5, 12.0]),
        st.floats(0, 1e6),
        st.sampled_from([None, 0.0, 1.23]),
        st.sampled_from(["sale", "return"]),
        known.map(lambda since: None if since is None else AS_OF + since),
    )


YEARS = timedelta(days=800)
TICK = timedelta(microseconds=1)
past_lines = st.lists(lines(-YEARS, -TICK, st.sampled_from([None, -TICK])), max_size=12)
future_lines = st.lists(lines(timedelta(0), YEARS, st.none()), min_size=1, max_size=6)
late_lines = st.lists(lines(-YEARS, -TICK, st.timedeltas(timedelta(0), YEARS)), min_size=1, max_size=6)


def features_of(rows: list[tuple], as_of: datetime = AS_OF) -> pd.DataFrame:
    orders = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    products = pl.DataFrame({"product_id": ["p1", "p2"], "category": ["k1", None]})
    return to_pandas(snapshot(from_frames({"orders": orders, "products": products}), to_days(as_of)))


def assert_same_bits(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal customers and columns, and every number equal to the last bit (null to null)."""
    assert list(found.columns) == list(expected.columns)
    assert found["customer_id"].tolist() == expected["customer_id"].tolist()
    for name in found.columns[1:]:
        assert found[name].dtype == np.float64
        np.testing.assert_array_equal(found[name].to_numpy(), expected[name].to_numpy(), err_msg=name)


@few
@given(past_lines, future_lines)
def test_events_at_or_after_as_of_change_nothing(past: list[tuple], future: list[tuple]) -> None:
    assert_same_bits(features_of(future + past), features_of(past))


@few
@given(past_lines, late_lines)
def test_events_not_yet_known_change_nothing(past: list[tuple], late: list[tuple]) -> None:
    assert_same_bits(features_of(late + past), features_of(past))


def test_the_boundary_is_one_microsecond_wide() -> None:
    line = ("o1", "ann", AS_OF - TICK, "p1", 1.0, 2.0, None, "sale", None)
    assert features_of([line])["customer_id"].tolist() == ["ann"]
    assert features_of([(*line[:2], AS_OF, *line[3:])]).empty


@pytest.mark.parametrize("microseconds", [0, 1, 7, 10**6 - 1, 86_399_999_999])
def test_every_moment_has_one_name_in_days(microseconds: int) -> None:
    moment = datetime(2021, 3, 5) + timedelta(microseconds=microseconds)
    frame = pl.DataFrame({"customer_id": ["a"] * 5, "at": [moment] * 5, "channel": "ads", "kind": "sent"})
    for rows in (frame, frame[:1]):
        days = from_frames({"touches": rows})["touches"].collect("polars")["at_days"].to_list()
        assert set(days) == {to_days(moment)}


def test_only_customers_with_a_sale_have_a_row() -> None:
    returned = ("o1", "bob", AS_OF - TICK, "p1", 1.0, 2.0, None, "return", None)
    assert features_of([returned]).empty


def test_row_order_does_not_matter(shop: dict[str, pl.DataFrame]) -> None:
    as_of = to_days(AS_OF)
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=3) for name, table in shop.items()}
    assert_same_bits(to_pandas(snapshot(from_frames(shuffled), as_of)), to_pandas(snapshot(from_frames(shop), as_of)))


def test_duckdb_equals_polars(shop: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    for name, table in shop.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    found = [to_pandas(snapshot(open_tables(tmp_path, engine), to_days(AS_OF))) for engine in ("duckdb", "polars")]
    assert len(found[0]) > 40
    assert_same_bits(*found)
    assert_same_bits(found[1], to_pandas(snapshot(from_frames(shop), to_days(AS_OF))))


def test_one_customer_alone_equals_the_batch(shop: dict[str, pl.DataFrame]) -> None:
    as_of = to_days(AS_OF)
    batch = to_pandas(snapshot(from_frames(shop), as_of))
    for row in range(0, len(batch), 3):
        customer = batch["customer_id"][row]
        own = shop | {"orders": shop["orders"].filter(pl.col("customer_id") == customer)}
        alone = to_pandas(snapshot(from_frames(own), as_of))
        assert_same_bits(alone, batch.iloc[[row]].reset_index(drop=True))


def test_without_products_only_the_category_columns_are_null(shop: dict[str, pl.DataFrame]) -> None:
    as_of = to_days(AS_OF)
    full = to_pandas(snapshot(from_frames(shop), as_of))
    bare = to_pandas(snapshot(from_frames({"orders": shop["orders"]}), as_of))
    categories = ["basket_categories_n", "basket_category_entropy"]
    assert bare[categories].isna().all(axis=None)
    assert full[categories].notna().any(axis=None)
    assert_same_bits(bare.drop(columns=categories), full.drop(columns=categories))


def test_a_snapshot_without_orders_says_what_to_do() -> None:
    touches = pl.DataFrame({"customer_id": ["a"], "at": [AS_OF], "channel": ["ads"], "kind": ["sent"]})
    with pytest.raises(BadTable, match="found touches, a snapshot needs 'orders'"):
        snapshot(from_frames({"touches": touches}), to_days(AS_OF))


def test_no_value_is_infinite(shop: dict[str, pl.DataFrame]) -> None:
    for as_of in (datetime(2020, 1, 8), datetime(2020, 6, 1), AS_OF):
        features = to_pandas(snapshot(from_frames(shop), to_days(as_of)))
        assert not np.isinf(features.drop(columns="customer_id").to_numpy()).any()


def test_every_column_is_named_after_its_family_and_documented() -> None:
    for name, family in families().items():
        assert family.NEEDS
        for column, meaning in family.COLUMNS.items():
            assert column.startswith(f"{name}_"), column
            assert meaning.endswith("."), column
    assert len(set(feature_names({"orders"}))) == len(feature_names({"orders"}))
