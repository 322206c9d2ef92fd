"""Everybody known has a row: people without an order too, from when a row shows them on, with the same features."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.engines import from_frames, on_polars, open_tables, to_pandas
from features.executors.draw import draw
from features.executors.live import Plans
from features.past import look_back
from features.snapshot import snapshot
from features.windows import to_days
from tests.features.rows import frames
from tests.features.test_live import Frames, of_nobody_else, own

AS_OF = datetime(2021, 9, 9, 9, 9)
DAYS = to_days(AS_OF)
TICK = timedelta(microseconds=1)
NEVER_BOUGHT = ("c60", "c64", "c69")


@pytest.fixture(scope="module")
def everybody(world: Frames) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(world), DAYS, who="known")).sort_values("customer_id", ignore_index=True)


@pytest.fixture(scope="module")
def live() -> Plans:
    """With the plans that the tests make."""
    return Plans()


def test_buyers_have_the_row_they_have_among_buyers(world: Frames, everybody: pd.DataFrame) -> None:
    buyers = to_pandas(snapshot(from_frames(world), DAYS)).sort_values("customer_id", ignore_index=True)
    assert set(everybody["customer_id"]) > set(buyers["customer_id"])
    among = everybody[everybody["customer_id"].isin(buyers["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(among, buyers, check_exact=True)


PEOPLE = {
    # table, what the row says, whether it shows at AS_OF that there is the person
    "visitor": ("events", {"at": AS_OF - TICK, "kind": "page_view"}, True),
    "later visitor": ("events", {"at": AS_OF, "kind": "page_view"}, False),
    "addressee": ("touches", {"at": AS_OF - TICK, "kind": "sent", "channel": "email"}, True),
    "critic": ("feedback", {"at": AS_OF - TICK, "kind": "ticket"}, True),
    "critic who is read later": ("feedback", {"at": AS_OF - TICK, "kind": "ticket", "known_at": AS_OF}, False),
    "subscriber": ("subscriptions", {"started_at": AS_OF - TICK, "plan": "plus"}, True),
    "future subscriber": ("subscriptions", {"started_at": AS_OF, "plan": "plus"}, False),
    "lead": ("customers", {"signed_up_at": AS_OF - TICK}, True),
    "future lead": ("customers", {"signed_up_at": AS_OF}, False),
    "lead of a delivery": ("customers", {"known_at": AS_OF - TICK}, True),
    "lead of a later delivery": ("customers", {"known_at": AS_OF}, False),
    "profile without a date": ("customers", {}, False),
    "buyer": (
        "orders",
        {"at": AS_OF - TICK, "order_id": "o", "quantity": 1.0, "unit_price": 1.0, "kind": "sale"},
        True,
    ),
}


def people() -> Frames:
    """One row of each of ``PEOPLE``, under their name as id."""
    rows: dict[str, list[dict[str, object]]] = {}
    for person, (table, row, _) in PEOPLE.items():
        rows.setdefault(table, []).append({"customer_id": person, **row})
    return frames(rows)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_row_shows_a_person_from_when_it_happened_and_was_known(engine: str, tmp_path: Path) -> None:
    expected = {person for person, (_, _, shows) in PEOPLE.items() if shows}
    for name, rows in people().items():
        rows.write_parquet(tmp_path / f"{name}.parquet")
    past = look_back(open_tables(tmp_path, engine), DAYS, population="known")
    assert set(on_polars(past.who)["customer_id"].cast(str).to_list()) == expected


def test_without_an_order_live_equals_the_batch_bit_for_bit(
    world: Frames, everybody: pd.DataFrame, live: Plans
) -> None:
    expected = of_nobody_else(everybody)
    for customer in (*NEVER_BOUGHT, "c00", "c31"):
        found = of_nobody_else(live(own(world, customer), DAYS, who="known").query("customer_id == @customer"))
        row = expected[expected["customer_id"] == customer]
        pd.testing.assert_frame_equal(found.reset_index(drop=True), row.reset_index(drop=True), check_exact=True)
    together = live(world, DAYS, who="known")
    pd.testing.assert_frame_equal(of_nobody_else(together), expected, check_exact=True)


def test_what_a_person_did_counts_the_same_without_an_order(
    world: Frames, everybody: pd.DataFrame, live: Plans
) -> None:
    theirs = {name: rows for name, rows in own(world, "c31").items() if name != "identities"}
    before = live(theirs | {"orders": theirs["orders"].clear()}, DAYS, who="known").iloc[0]
    after = everybody.set_index("customer_id").loc["c31"]
    columns = [name for name in after.index if name.startswith(("usage_", "profile_", "loyalty_contract"))]
    assert before[columns].equals(after[columns])
    assert before["loyalty_subscribed"] == after["loyalty_subscribed"]
    assert pd.isna(before["purchase_recency_days"])


def test_the_draw_counts_everybody_from_when_they_were_known() -> None:
    cutoffs = [DAYS - 1, DAYS, DAYS + 1]
    everybody = draw(from_frames(people()), cutoffs, rows=1_000, seed=7, who="known")
    assert set(everybody.positions["customer_id"]) == set(PEOPLE) - {"profile without a date"}
    assert draw(from_frames(people()), cutoffs, rows=1_000, seed=7).positions["customer_id"].to_list() == ["buyer"]
