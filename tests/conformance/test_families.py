"""Laws of every feature family, found by scanning; they hold for a family that is added tomorrow.

Neither the future, nor the order of rows, nor other customers, nor a table that is absent can change a bit of what is
known. These tests separate past and future when they make the rows, not by ``features.windows``.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.engines import from_frames, to_pandas
from features.entities import about
from features.families import Family, families, is_text
from features.past import look_back
from features.snapshot import feature_names
from features.tables import OPEN_TABLES, TABLES
from features.windows import to_days
from tests.features.alike import assert_same_bits, snapshot_of
from tests.features.plain import Frames, known_rows, profiles
from tests.features.rows import AS_OF, SALES, TICK, Row, Rows, frames, side_by_side, tables
from tests.features.shop import grown_shop

few = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
every_family = pytest.mark.parametrize("family", families().values(), ids=list(families()))


@pytest.fixture(scope="module")
def world() -> Frames:
    return grown_shop()


@pytest.fixture(scope="module")
def batch(world: Frames) -> pd.DataFrame:
    found = snapshot_of(world)
    assert len(found) > 40
    return found


@pytest.fixture(scope="module")
def quiet(world: Frames) -> pd.DataFrame:
    """The features of the same customers if all tables but orders and identities are present without rows."""
    return snapshot_of({n: rows if n in ("orders", "identities") else rows.clear() for n, rows in world.items()})


@pytest.fixture(scope="module")
def without(world: Frames) -> Callable[[str], pd.DataFrame]:
    """The features if one table is absent, by its name."""
    return cache(lambda absent: snapshot_of({name: rows for name, rows in world.items() if name != absent}))


def assert_same_features(left: Rows, right: Rows) -> None:
    """Assert that both sets of rows give the same features, bit for bit, in one snapshot."""
    found = snapshot_of(side_by_side(left, right))
    side = found["customer_id"].str.split(" ", n=1, expand=True)
    halves = [found[side[0] == name].assign(customer_id=side[1]).reset_index(drop=True) for name in ("left", "right")]
    assert len(halves[0])
    assert_same_bits(*halves)


@few
@given(tables("seen"), st.one_of(tables("ahead"), tables("not yet known"), tables("replaced")))
def test_future_unknown_and_replaced_rows_change_nothing(past: Rows, hidden: Rows) -> None:
    with_hidden = {name: hidden.get(name, []) + rows for name, rows in past.items()}
    assert_same_features(with_hidden, past)


@few
@given(tables("seen"))
def test_what_becomes_known_later_changes_nothing_now(past: Rows) -> None:
    """A later correction or a date in the future changes nothing, nor does the moment since when a row was known."""

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
    "loyalty": {"kind": "earn", "points": 5.0},
    "customers": {"gender": "female"},
    "identities": {},
}
"""A row of each table that changes the features."""
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
    rows: Rows = {name: [] for name in OPEN_TABLES}
    for table, moment in ((table, moment) for table in TELLING for moment in ("nothing", *MOMENTS)):
        who = f"{table}: {moment}"
        rows["orders"].append(SALES[0] | {"customer_id": who, "order_id": who})
        if table == "identities":
            rows["orders"].append(SALES[0] | {"customer_id": f"other {who}", "order_id": f"other {who}"})
        if moment != "nothing" and _can_be(table, moment):
            rows[table].append(_row_of(table, who, MOMENTS[moment]))
    return snapshot_of(frames(rows)).set_index("customer_id")


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
    # The only column that depends on when the row became known.
    found["profile_changed_days"] = there["profile_changed_days"]
    assert all(_equal(found[name], (there if moment.startswith("seen") else without)[name]) for name in boundary)


def _equal(a: object, b: object) -> bool:
    return a == b or (pd.isna(a) and pd.isna(b))


def test_row_order_does_not_matter(world: Frames, batch: pd.DataFrame) -> None:
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=3) for name, table in world.items()}
    assert_same_bits(snapshot_of(shuffled), batch)


def test_one_customer_alone_equals_the_batch(world: Frames, batch: pd.DataFrame) -> None:
    """Alone, or with the company's other contacts, which the family ``relations`` reads."""
    company = {who: row["company_id"] for who, row in profiles(world, AS_OF).items() if row["company_id"]}
    whole = batch.set_index("customer_id", drop=False)
    for customer in batch["customer_id"][::10]:
        contacts = {who for who in company if company[who] == company.get(customer)} | {customer}
        own = [name for name in batch if not name.startswith("relations_")]
        for circle, columns in (({customer}, own), (contacts, list(batch))):
            found = snapshot_of(_of(world, circle)).set_index("customer_id", drop=False)
            assert_same_bits(*(frame.loc[[customer], columns].reset_index(drop=True) for frame in (found, whole)))


def _of(world: Frames, customers: set[str]) -> Frames:
    """The rows of these customers, under all ids that are known to be theirs."""
    links = [link for link in known_rows(world, "identities", AS_OF) if link["customer_id"] in customers]
    ids = customers | {link["alias_id"] for link in links}
    return {
        name: table.filter(pl.col("customer_id").is_in(ids)) if "customer_id" in table.columns else table
        for name, table in world.items()
    }


@pytest.mark.parametrize("table", sorted(set(OPEN_TABLES) - {"orders", "identities"}))
def test_an_absent_table_equals_an_empty_one_but_for_columns_that_become_null(
    world: Frames, without: Callable[[str], pd.DataFrame], table: str
) -> None:
    found = without(table)
    expected = snapshot_of(world | {table: world[table].clear()})
    gone = [name for family in families().values() if table in family.NEEDS for name in expected if family.owns(name)]
    unknown = [name for family in families().values() for name in family.USES.get(table, ())]
    expected = expected.drop(columns=gone)
    assert_same_bits(found.drop(columns=unknown), expected.drop(columns=unknown))
    assert found[unknown].isna().all(axis=None)


@pytest.mark.parametrize("table", sorted(set(OPEN_TABLES) - {"orders", "identities"}))
def test_an_absent_table_changes_no_other_columns(
    without: Callable[[str], pd.DataFrame], batch: pd.DataFrame, table: str
) -> None:
    bare = without(table)
    # The column is the first occasion that applies, and an absent table cannot give its own.
    mixed = {"situation_last_order_occasion"}
    known = [name for name in bare if bare[name].notna().any() and name not in mixed]
    assert_same_bits(bare[known], batch[known])


@few
@given(tables("seen"))
def test_every_value_is_finite(past: Rows) -> None:
    found = snapshot_of(frames(past)).drop(columns="customer_id")
    numbers = found[[name for name in found if not is_text(name)]]
    assert not np.isinf(numbers.to_numpy()).any()


@every_family
def test_every_column_is_named_after_its_family_and_documented(family: Family) -> None:
    assert family.NEEDS or family.USES
    assert set(family.NEEDS) <= EVERYTHING
    assert set(family.USES) <= set(OPEN_TABLES) - set(family.NEEDS)
    for column, meaning in family.COLUMNS.items():
        assert column.startswith(f"{family.NAME}_"), column
        assert meaning.endswith("."), column
    marks = (family.TEXT, family.PROTECTED, family.ZERO_IF_NONE, *family.USES.values())
    assert {name for names in marks for name in names} <= set(family.COLUMNS)
    assert not set(family.TEXT) & set(family.ZERO_IF_NONE)


EVERYTHING = {*OPEN_TABLES, *(f"{name}.{column}" for name in OPEN_TABLES for column in TABLES[name].optional)}
"""All that the contract can give."""
UNITS = {"_days": "[Dd]ay|gaps", "_years": "[Yy]ear", "_share": "[Ss]hare|0 to 1| over ", "_rate": " over | per "}
"""What the description of a column with this ending has to mention."""


@every_family
def test_every_column_states_its_unit(family: Family) -> None:
    money = re.compile("spend(_[0-9]+d)?$|_value(_mean)?$|_price(_mean)?$")
    for column, meaning in family.COLUMNS.items():
        wanted = [words for ending, words in UNITS.items() if column.endswith(ending)]
        wanted += ["currency| over "] if money.search(column) else []
        assert all(re.search(words, meaning) for words in wanted), (column, meaning)


@every_family
def test_every_column_states_when_it_is_null(family: Family, batch: pd.DataFrame, quiet: pd.DataFrame) -> None:
    """And the data agree: counts of a present table are never null, nor is what is documented as never null."""
    for column, meaning in family.COLUMNS.items():
        assert re.search(r"\bnull\b|0 if |else 0", meaning), (column, meaning)
        never = "never null" in meaning or "null" not in meaning or column in family.ZERO_IF_NONE
        for found in (batch, quiet):
            assert not (never and found[column].isna().any()), (column, meaning)
        if column in family.ZERO_IF_NONE:
            assert re.search("0 if |else 0", meaning), (column, meaning)


@every_family
def test_a_null_becomes_zero_in_counts_alone(family: Family, world: Frames, batch: pd.DataFrame) -> None:
    """What the family itself computes is null for the same customers in the snapshot, unless it counts."""
    days = to_days(AS_OF)
    own = family.compute(look_back(about(from_frames(world), days), days), days)
    computed = to_pandas(own).set_index("customer_id").reindex(batch["customer_id"])
    for column in family.COLUMNS:
        null = 0 if column in family.ZERO_IF_NONE else computed[column].isna().to_numpy()
        assert (batch[column].isna().to_numpy() == null).all(), column


def test_no_two_families_share_a_column() -> None:
    assert len(set(feature_names(EVERYTHING))) == len(feature_names(EVERYTHING))
