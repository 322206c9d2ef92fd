"""Who is drawn depends on the seed and on who belongs together: not on the engine, the budget's size, or the future."""

import hashlib
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engines import from_frames, on_polars, open_tables
from features.entities import about
from features.executors.draw import draw, positions
from features.past import look_back
from features.windows import to_days
from tests.features.plain import Frames

CUTOFFS = [to_days(datetime(2020, 3, 1)), to_days(datetime(2020, 9, 1)), to_days(datetime(2021, 6, 1))]
EVERYBODY = 10_000


def ids(frames: Frames, rows: int, seed: int = 7) -> set[str]:
    return set(draw(from_frames(frames), CUTOFFS, rows, seed).ids()["customer_id"])


def who(frames: Frames, as_of: float) -> set[str]:
    tables = from_frames(frames)
    return set(on_polars(look_back(about(tables, as_of), as_of).who)["customer_id"])


def shop_of(customers: dict[str, int], companies: dict[str, str] | None = None) -> Frames:
    """Customers with one order each, in the month of 2020 that is given."""
    at = [datetime(2020, month, 2) for month in customers.values()]
    orders = pl.DataFrame({"customer_id": list(customers), "at": at})
    line = {"order_id": pl.lit("o"), "kind": pl.lit("sale"), "quantity": 1.0, "unit_price": 1.0}
    frames = {"orders": orders.with_columns(**line)}
    if companies:
        frames["customers"] = pl.DataFrame({"customer_id": list(companies), "company_id": list(companies.values())})
    return frames


def test_a_position_is_the_beginning_of_a_hash_and_stays_for_ever() -> None:
    for seed, root in ((7, "c01"), (8, "c01"), (7, "ü")):
        exact = Fraction(int(hashlib.sha256(f"{seed}\n{root}".encode()).hexdigest(), 16), 2**256)
        assert 0 <= exact - Fraction(positions(pl.Series([root]), seed)[0]) < Fraction(1, 2**53)
    assert positions(pl.Series(["c01"]), 7)[0] == 0.9312391366462114


@settings(max_examples=20, deadline=None)
@given(budgets=st.lists(st.integers(1, 250), min_size=2, max_size=2), seed=st.integers(0, 3))
def test_a_larger_budget_adds_to_a_smaller_one(world: Frames, budgets: list[int], seed: int) -> None:
    less, more = sorted(budgets)
    assert ids(world, less, seed) <= ids(world, more, seed)


def test_another_seed_draws_others(world: Frames) -> None:
    assert ids(world, 60, 7) != ids(world, 60, 8)


@pytest.mark.parametrize("rows", [20, 60, 100])
def test_the_budget_holds(world: Frames, rows: int) -> None:
    drawn = ids(world, rows)
    used = sum(len(who(world, as_of) & drawn) for as_of in CUTOFFS)
    assert rows / 3 < used <= rows


def test_a_budget_for_everybody_draws_everybody(world: Frames) -> None:
    drawn = draw(from_frames(world), CUTOFFS, EVERYBODY, 7)
    assert drawn.share == 1.0
    assert who(world, CUTOFFS[-1]) <= set(drawn.ids()["customer_id"])


def test_who_belongs_together_is_drawn_together() -> None:
    companies = {f"c{n}": f"firm {n // 3}" for n in range(60)}
    frames = shop_of(dict.fromkeys(companies, 1), companies)
    links = {"alias_id": ["c1", "x"], "customer_id": ["c50", "c30"], "known_at": [None, None]}
    frames["identities"] = pl.DataFrame(links)
    for rows in (30, 60, 120):
        drawn = ids(frames, rows)
        for firm in range(20):
            assert len(drawn & {f"c{3 * firm + n}" for n in range(3)}) in (0, 3)
        assert len(drawn & {"c1", "c50"}) != 1
        assert len(drawn & {"x", "c30"}) != 1


def test_who_leaves_is_drawn_like_who_stays(world: Frames) -> None:
    """The draw of a shop where everybody stops after their first sale is that of the whole shop."""
    known = pl.max_horizontal("at", "known_at")
    sales = world["orders"].filter(pl.col("kind") == "sale")
    first = sales.filter(known == known.min().over("customer_id")).unique("customer_id")
    assert first.height < sales.height / 5
    assert ids(world | {"orders": first}, 60) == ids(world, 60)


def test_a_group_larger_than_half_the_budget_is_taken_rather_than_none() -> None:
    companies = {f"c{n:02d}": "all" for n in range(50)}
    assert len(ids(shop_of(dict.fromkeys(companies, 1), companies), 30)) == 50
    assert len(ids(shop_of(dict.fromkeys(companies, 1)), 30)) == 10


def test_who_bought_after_the_last_cutoff_takes_no_budget() -> None:
    late = {f"d{n}": 12 for n in range(90)}
    frames = shop_of({"a": 1, "b": 1, **late})
    assert draw(from_frames(frames), CUTOFFS[:1], 2, 7).share == 1.0
    assert draw(from_frames(frames), CUTOFFS[:1], 1, 7).share < 1.0


def test_without_orders_customers_are_known_by_their_events(world: Frames) -> None:
    events = {name: rows for name, rows in world.items() if name not in ("orders", "products")}
    drawn = ids(events, 60)
    assert 20 < sum(len(who(events, as_of) & drawn) for as_of in CUTOFFS) <= 60


@pytest.mark.parametrize("rows", [50, EVERYBODY])
def test_duckdb_draws_the_same(world: Frames, tmp_path: Path, rows: int) -> None:
    for name, table in world.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    found = draw(open_tables(tmp_path, "duckdb"), CUTOFFS, rows, 7)
    expected = draw(from_frames(world), CUTOFFS, rows, 7)
    assert found.share == expected.share
    assert found.positions.equals(expected.positions)
