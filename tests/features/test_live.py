"""What is computed live is what the batch computes: a plan made once gives the same bits for every request."""

import gc
import resource
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import FunctionType, ModuleType

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines import from_frames, to_pandas
from features.engines import given as given_in
from features.errors import NotFound
from features.executors.live import Plan, Plans
from features.families import families
from features.snapshot import feature_names, snapshot
from features.tables import OPEN_TABLES
from features.windows import to_days
from tests.features.rows import AS_OF, Rows, frames
from tests.features.rows import tables as rows_of

Frames = dict[str, pl.DataFrame]
DATES = [to_days(datetime(2020, 8, 1)), to_days(datetime(2021, 3, 5, 18))]
DATES += [to_days(datetime(2021, 12, 1)), to_days(datetime(2022, 3, 30))]


def batch(frames: Frames, as_of: float) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(frames), as_of))


def own(world: Frames, customer: str) -> Frames:
    """What a request about one customer carries: their rows under all their ids, and the catalogue."""
    aliases = world["identities"].filter(pl.col("customer_id") == customer)["alias_id"].to_list()
    whose = pl.col("customer_id").is_in([customer, *aliases])
    return {name: rows.filter(whose) if "customer_id" in rows.columns else rows for name, rows in world.items()}


def of_nobody_else(features: pd.DataFrame) -> pd.DataFrame:
    """Without the one family that looks at colleagues, whose rows a request does not carry."""
    return features[[name for name in features.columns if not name.startswith("relations_")]]


@pytest.mark.parametrize("as_of", DATES)
def test_every_customer_live_equals_the_batch(world: Frames, as_of: float) -> None:
    expected = of_nobody_else(batch(world, as_of))
    live = Plans()
    # An id that is not yet known to be theirs has a row of its own.
    found = [
        live(own(world, customer), as_of).query("customer_id == @customer") for customer in expected["customer_id"]
    ]
    pd.testing.assert_frame_equal(of_nobody_else(pd.concat(found, ignore_index=True)), expected, check_exact=True)


def test_many_customers_at_once_equal_the_batch(world: Frames) -> None:
    pd.testing.assert_frame_equal(Plans()(world, DATES[-1]), batch(world, DATES[-1]), check_exact=True)


def test_without_a_row_there_is_no_customer(world: Frames) -> None:
    nobody = {name: rows.clear() for name, rows in world.items()}
    found = Plans()(nobody, DATES[0])
    assert len(found) == 0
    assert list(found.columns) == list(batch(world, DATES[0]).columns)


def test_threads_do_not_see_each_other(world: Frames) -> None:
    live = Plans()
    customers = batch(world, DATES[-1])["customer_id"].tolist()[:12]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda customer: live(own(world, customer), DATES[-1]), customers))
    assert [features["customer_id"].tolist() for features in found] == [[customer] for customer in customers]
    again = [live(own(world, customer), DATES[-1]) for customer in customers]
    for first, second in zip(found, again, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_other_columns_and_other_dates_are_other_plans(shop: Frames) -> None:
    live = Plans(plans_max=2)
    narrow = {"orders": shop["orders"].drop("discount", "known_at")}
    for found, as_of in [(shop, DATES[1]), (narrow, DATES[1]), (shop, DATES[2]), (narrow, DATES[2]), (shop, DATES[1])]:
        pd.testing.assert_frame_equal(live(found, as_of), batch(found, as_of), check_exact=True)


def test_a_plan_keeps_nobodys_rows_even_after_an_error(shop: Frames) -> None:
    few = {
        name: rows.filter(pl.col("customer_id") == "c00") if "customer_id" in rows.columns else rows
        for name, rows in shop.items()
    }
    plan = Plan({name: rows.schema for name, rows in shop.items()}, DATES[1])
    plan(few)
    with pytest.raises(pl.exceptions.PolarsError):
        plan({"orders": few["orders"].drop("quantity"), "products": few["products"]})
    assert not {value for value in held_by(plan) if isinstance(value, str)} & set(few["orders"]["order_id"])


def held_by(root: object) -> Iterator[object]:
    """Everything that the object refers to, directly or not, without modules, classes and functions."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, ModuleType | type | FunctionType):
            continue
        seen.add(id(found))
        yield found
        waiting += gc.get_referents(found)


@pytest.mark.parametrize("tables", [OPEN_TABLES, ("orders",), ("events",), ("orders", "products", "touches")])
@pytest.mark.parametrize("alone", [True, False])
def test_arrays_carry_out_every_family(tables: tuple[str, ...], alone: bool) -> None:
    """If this fails for a new family: add the operation it names to features/executors/arrays."""
    # Of several ids nobody is alone.
    names = [name for name in tables if not (alone and name == "identities")]
    empty = frames({name: [] for name in names})
    plan = Plan({name: rows.schema for name, rows in empty.items()}, DATES[0], alone=alone)
    nobody = plan(empty, "nobody")
    assert list(nobody.columns) == ["customer_id", *feature_names(given_in(from_frames(empty)))]


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows_of("seen"), st.sets(st.sampled_from([name for name in OPEN_TABLES if name != "orders"])))
def test_any_rows_live_equal_the_batch(rows: Rows, absent: set[str]) -> None:
    shop = frames({name: found for name, found in rows.items() if name not in absent})
    live, as_of = Plans(), to_days(AS_OF)
    pd.testing.assert_frame_equal(live(shop, as_of), batch(shop, as_of), check_exact=True)
    for customer in ("ann", "new"):
        whose = pl.col("customer_id") == customer
        mine = {name: table.filter(whose) if "customer_id" in table.columns else table for name, table in shop.items()}
        pd.testing.assert_frame_equal(live(mine, as_of), batch(mine, as_of), check_exact=True)


def test_columns_asked_for_are_the_whole_snapshots(shop: Frames) -> None:
    asked = ["purchase_spend", "channel_purchase", "cadence_season_sin"]
    found = Plans()(shop, DATES[1], asked)
    pd.testing.assert_frame_equal(found, batch(shop, DATES[1])[["customer_id", *asked]], check_exact=True)
    with pytest.raises(NotFound, match="'purchase_wish' is no feature"):
        Plans()(shop, DATES[1], ["purchase_wish"])


def test_families_that_nothing_is_asked_of_are_not_computed(shop: Frames, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    for name, family in families().items():
        own = family.compute
        monkeypatch.setattr(family, "compute", lambda *past, name=name, own=own: computed.append(name) or own(*past))
    Plans()(shop, DATES[1], ["purchase_spend", "channel_purchase"])
    assert set(computed) == {"purchase", "channel"}


@pytest.mark.parametrize("price", [float("inf"), float("nan")])
def test_numbers_that_are_none_follow_polars(shop: Frames, price: float) -> None:
    odd = pl.when(pl.col("customer_id") == "c00").then(price).otherwise(pl.col("unit_price"))
    world = shop | {"orders": shop["orders"].with_columns(unit_price=odd)}
    pd.testing.assert_frame_equal(Plans()(world, DATES[1]), batch(world, DATES[1]), check_exact=True)


def test_what_arrays_cannot_do_is_done_by_polars(shop: Frames, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.executors.arrays.plan.VISITOR", -1)
    pd.testing.assert_frame_equal(Plans()(shop, DATES[1]), batch(shop, DATES[1]), check_exact=True)


def test_a_plan_is_freed_with_the_last_reference_to_it(shop: Frames) -> None:
    live = Plans(plans_max=2)
    for day in range(4):
        live(shop, DATES[1] + day)
    plans = [weakref.ref(plan) for plan in live._plans.values() if plan is not None]
    assert len(plans) == 2
    del live
    gc.collect()
    assert [plan() for plan in plans] == [None, None]


def test_memory_does_not_grow_with_the_number_of_dates(shop: Frames) -> None:
    """A plan takes megabytes, so that twenty of them would show."""
    few = {"orders": shop["orders"].filter(pl.col("customer_id") == "c00")}
    live = Plans(plans_max=1)

    def ask(first: int, last: int) -> int:
        for day in range(first, last):
            live(few, DATES[1] + day / 100)
        gc.collect()
        return resident_bytes()

    before = ask(0, 10)
    assert ask(10, 30) - before < 20e6


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()
