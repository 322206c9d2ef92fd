"""Parts side by side are the whole: nobody is lost, nobody is twice, and nobody's vector differs by a bit."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from features.engines import from_frames, on_polars, open_tables, to_pandas
from features.entities import Entity
from features.executors.parts import parts_of
from features.snapshot import snapshot
from features.windows import to_days

Frames = dict[str, pl.DataFrame]
AS_OF = to_days(datetime(2022, 1, 17, 10, 30))
EARLIER = to_days(datetime(2021, 10, 1))


def side_by_side(tables: dict, rows: int, as_of: float, entity: Entity = "customer") -> pd.DataFrame:
    parts = parts_of(tables, rows)
    assert len(parts) > 3
    found = [to_pandas(snapshot(parts.of(tables, part), as_of, entity)) for part in range(len(parts))]
    return pd.concat(found).sort_values("customer_id", ignore_index=True)


@pytest.mark.parametrize("entity", ["customer", "company"])
@pytest.mark.parametrize("as_of", [AS_OF, EARLIER])
def test_parts_side_by_side_are_the_whole(world: Frames, as_of: float, entity: Entity) -> None:
    tables = from_frames(world)
    whole = to_pandas(snapshot(tables, as_of, entity))
    pd.testing.assert_frame_equal(side_by_side(tables, 2000, as_of, entity), whole, check_exact=True)


def test_without_ids_and_companies_parts_are_ranges(shop: Frames) -> None:
    tables = from_frames(shop)
    parts = parts_of(tables, 300)
    assert parts.moved.is_empty()
    whole = to_pandas(snapshot(tables, AS_OF))
    pd.testing.assert_frame_equal(side_by_side(tables, 300, AS_OF), whole, check_exact=True)
    ids = [on_polars(parts.of(tables, part)["orders"])["customer_id"] for part in range(len(parts))]
    assert all(before.max() < after.min() for before, after in pairwise(ids))  # type: ignore[operator]


def test_duckdb_cuts_the_same_parts(world: Frames, tmp_path: Path) -> None:
    for name, rows in world.items():
        rows.write_parquet(tmp_path / f"{name}.parquet")
    expected = parts_of(from_frames(world), 2000)
    tables = open_tables(tmp_path, "duckdb")
    found = parts_of(tables, 2000)
    assert (found.bounds, found.moved.sort("customer_id").rows()) == (
        expected.bounds,
        expected.moved.sort("customer_id").rows(),
    )
    orders = [on_polars(found.of(tables, part)["orders"]).height for part in range(len(found))]
    assert orders == [on_polars(expected.of(from_frames(world), part)["orders"]).height for part in range(len(found))]
    assert sum(orders) == world["orders"].height


def test_who_belongs_together_stays_together() -> None:
    orders = pl.DataFrame({"customer_id": list("abcdefgh")}).with_columns(order_id=pl.lit("o"), kind=pl.lit("sale"))
    orders = orders.with_columns(quantity=1.0, unit_price=1.0, at=datetime(2022, 1, 1))
    frames = {
        "orders": orders,
        "identities": pl.DataFrame({"alias_id": ["h", "g"], "customer_id": ["a", "b"], "known_at": [None, None]}),
        # Colleagues of colleagues: b worked with e, who works with c. A firm may be called like a customer.
        "customers": pl.DataFrame({"customer_id": ["b", "e", "e", "c", "d"], "company_id": ["a", "a", "y", "y", None]}),
    }
    tables = from_frames(frames)
    parts = parts_of(tables, 1)
    groups = [set(on_polars(parts.of(tables, part)["orders"])["customer_id"]) for part in range(len(parts))]
    assert [group for group in groups if group] == [{"a", "h"}, {"b", "c", "e", "g"}, {"d"}, {"f"}]


def test_a_shop_that_fits_is_one_part(shop: Frames) -> None:
    tables = from_frames(shop)
    parts = parts_of(tables)
    assert len(parts) == 1
    assert parts.of(tables, 0) is tables
