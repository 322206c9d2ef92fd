"""The simulated shop: its truth shows in its raw files, its dirt is counted exactly, and it is the same every time."""

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.errors import BadInput
from pipelines.ingest.result import IngestResult
from pipelines.simulation.behaviour.purchases import draw_purchases
from pipelines.simulation.exports.dirt import DIRT
from pipelines.simulation.people.population import draw_population
from pipelines.simulation.shop.segments import SEGMENTS
from pipelines.simulation.shop.world import build_world, calendar_days, demand_days
from pipelines.simulation.simulate import simulate

START = pl.datetime(2024, 1, 1)
BEFORE = "46d0c7af35f4799632df4537f3b74693c2d1978cd58e9122aff90d3667b139ac"
"""SHA-256 of the raw tables of a small shop, as they were before there were further columns."""


@pytest.fixture(scope="module")
def truth(shop: Path) -> pl.DataFrame:
    return pl.read_parquet(shop / "truth" / "truth-*.parquet")


@pytest.fixture(scope="module")
def sales(ingested: IngestResult, truth: pl.DataFrame) -> pl.DataFrame:
    """Sale lines under the number of the real customer."""
    lines = pl.read_parquet(ingested.folder / "orders.parquet").filter(pl.col("kind") == "sale")
    return under_real_numbers(lines, truth)


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def under_real_numbers(rows: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """The rows with guests called by their customer number, as the truth knows it."""
    guests = truth.filter(pl.col("alias_no").is_not_null())
    known = pl.col("customer_id").replace(guests["alias_no"], guests["customer_no"])
    return rows.with_columns(customer_id=known)


def raw_orders(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "raw" / "orders-*.csv", infer_schema=False)


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, customers=120, seed=5, days=120, chunk=50)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_another_seed_is_another_shop(tmp_path: Path) -> None:
    for seed in (5, 6):
        simulate(tmp_path / str(seed), customers=60, seed=seed, days=90)
    one, other = hashes(tmp_path / "5"), hashes(tmp_path / "6")
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_the_first_customers_do_not_depend_on_how_many_follow(tmp_path: Path) -> None:
    simulate(tmp_path / "few", customers=100, seed=5, days=120, chunk=100)
    simulate(tmp_path / "many", customers=300, seed=5, days=120, chunk=100)
    few, many = hashes(tmp_path / "few"), hashes(tmp_path / "many")
    shared = {name for name in few if "world" not in name and "dirt" not in name}
    assert {name: few[name] for name in shared} == {name: many[name] for name in shared}


def test_chunks_share_no_order_visit_or_customer(shop: Path, truth: pl.DataFrame) -> None:
    assert truth["customer_no"].n_unique() == truth.height == 1500
    for pattern, name in (("orders-*.csv", "order_no"), ("events-*.parquet", "visit")):
        read = pl.read_parquet if pattern.endswith("parquet") else lambda path: pl.read_csv(path, infer_schema=False)
        parts = [set(read(path)[name]) for path in sorted((shop / "raw").glob(pattern))]
        assert len(parts) == 2
        assert not parts[0] & parts[1]


def test_an_earlier_look_shows_the_beginning_of_the_same_world(tmp_path: Path) -> None:
    simulate(tmp_path / "early", customers=200, seed=5, days=200, until=120)
    simulate(tmp_path / "late", customers=200, seed=5, days=200)
    day_120 = "2024-04-30"

    def clean_sales(folder: Path) -> set[tuple[str, ...]]:
        rows = raw_orders(folder).filter(
            pl.col("ordered_at").is_between(pl.lit("2024-01-01"), pl.lit(day_120), closed="left"),
            pl.col("sku").str.starts_with("P") & (pl.col("sku") != "P9999") & pl.col("customer_no").is_not_null(),
            ~pl.col("sku").str.contains("POST"),
        )
        return set(rows.select("order_no", "customer_no", "sku", "ordered_at").rows())

    early, late = clean_sales(tmp_path / "early"), clean_sales(tmp_path / "late")
    # The dirt is drawn anew for each export, so a few rows differ.
    assert len(early & late) > 0.97 * max(len(early), len(late))
    assert max(row[3] for row in early) < day_120
    assert hashes(tmp_path / "early" / "truth").keys() == hashes(tmp_path / "late" / "truth").keys()
    assert pl.read_parquet(tmp_path / "early" / "truth" / "truth-*.parquet").equals(
        pl.read_parquet(tmp_path / "late" / "truth" / "truth-*.parquet")
    )


def test_a_later_look_still_shows_what_an_earlier_one_did(tmp_path: Path) -> None:
    """In every table, but for the dirt; nothing shown had yet to happen or to be booked."""
    for name, until in (("early", 120), ("late", 200)):
        simulate(tmp_path / name, customers=1500, seed=5, days=200, until=until)
    times = {
        "subscriptions": "recorded_at",
        "customers": "recorded_at",
        "orders": "booked_at",
        "touches": "happened_at",
    }
    for pattern in ("customers-*.csv", "orders-*.csv", "events-*.parquet", "touches-*.parquet", "subscriptions-*.csv"):
        early, late = (read_raw(tmp_path / name, pattern) for name in ("early", "late"))
        kept = early.unique().join(late.unique(), on=early.columns, how="semi", nulls_equal=True)
        # The dirt is drawn anew for each export: a row may be dirty in one and not in the other.
        table = pattern.split("-")[0]
        dirty = sum(sum(read_dirt(tmp_path / name)[table].values()) for name in ("early", "late"))
        assert early.unique().height - kept.height <= dirty, pattern
        if name := times.get(pattern.split("-")[0]):
            ahead = early.filter(
                pl.col(name).cast(pl.String).str.slice(0, 10).is_between(pl.lit("2024-04-30"), pl.lit("2040"))
            )
            assert ahead.is_empty(), pattern


def read_dirt(folder: Path) -> dict[str, dict[str, int]]:
    return json.loads((folder / "truth" / "dirt.json").read_text())


def read_raw(folder: Path, pattern: str) -> pl.DataFrame:
    path = folder / "raw" / pattern
    return pl.read_parquet(path) if pattern.endswith("parquet") else pl.read_csv(path, infer_schema=False)


def test_every_kind_of_dirt_is_there_and_counted(shop: Path) -> None:
    counted = json.loads((shop / "truth" / "dirt.json").read_text())
    assert {table: set(kinds) for table, kinds in counted.items()} == {
        table: {dirt.kind for dirt in kinds} for table, kinds in DIRT.items()
    }
    assert all(count >= 1 for kinds in counted.values() for count in kinds.values())
    raw = raw_orders(shop)
    assert counted["orders"]["unreadable_date"] == raw.filter(pl.col("ordered_at") == "31/02/2025 25:61").height
    assert counted["orders"]["postage_line"] == raw.filter(pl.col("sku") == "POST").height
    assert counted["orders"]["unknown_product"] == raw.filter(pl.col("sku") == "P9999").height
    # Two lines of one order may both have got postage; goods are doubled by exact_duplicate only.
    goods = raw.filter(pl.col("sku").str.contains("P[0-9]") & (pl.col("sku") != "P9999"))
    assert counted["orders"]["exact_duplicate"] == goods.height - goods.unique().height


def test_what_came_later_changes_nothing_that_was_there(tmp_path: Path) -> None:
    """The columns of before, from a shop simulated before there were others."""
    simulate(tmp_path / "shop", customers=60, seed=5, days=90, chunk=40)
    later = {
        "customers": ("referred_by", "motivation", "lifestyle", "values"),
        "events": ("words", "results", "address"),
        "products": ("themes", "season"),
        "touches": ("topic", "version", "cost"),
    }
    digest = hashlib.sha256()
    for table in ("orders", "customers", "identities", "products", "events", "touches", "feedback", "subscriptions"):
        for path in sorted((tmp_path / "shop" / "raw").glob(f"{table}*")):
            rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
            digest.update(rows.drop(later.get(table, ())).write_csv().encode())
    assert digest.hexdigest() == BEFORE


def test_what_came_later_fits_what_was_there(ingested: IngestResult) -> None:
    read = {name: pl.read_parquet(ingested.folder / f"{name}.parquet") for name in ingested.counts}
    customers = read["customers"]
    assert set(customers["referred_by"].drop_nulls()) <= set(customers["customer_id"])
    assert set(customers.filter(pl.col("referred_by").is_not_null())["acquisition_channel"]) == {"friend"}
    assert set(read["loyalty"]["customer_id"]) <= set(read["orders"]["customer_id"])
    assert set(read["contacts"]["customer_id"]) == set(customers["customer_id"])
    sent = read["touches"].filter((pl.col("kind") == "sent") & (pl.col("campaign_id") != "N999"))
    assert set(sent["campaign_id"]) <= set(read["campaigns"]["campaign_id"])
    searches = read["events"].filter(pl.col("query").is_not_null())
    assert set(searches["kind"]) == {"search"}
    assert searches["results_n"].min() == 0
    assert read["market"].filter(pl.col("competitor").is_null())["cell_country"].n_unique() == 4
    assert {f"{f.code}" for f in ingested.findings if f.table in ("contacts", "campaigns", "loyalty", "market")} <= {
        "any.exact_duplicates", "any.missing_customer", "any.unreadable", "any.unknown_kind",
        "campaigns.negative_cost", "campaigns.never_sent", "campaigns.sent_outside",
        "contacts.consent_without_address",
    }  # fmt: skip


REJECTED = {
    "orders": {
        "missing_customer_id": ("missing_customer", "blank_customer"),
        "quantity_not_positive": ("negative_quantity_sale", "zero_quantity"),
        "unreadable_quantity": ("unreadable_quantity",),
        "price_not_positive": ("zero_price", "negative_price"),
        "unreadable_unit_price": ("unreadable_price",),
        "negative_discount": ("negative_discount",),
        "discount_above_amount": ("discount_above_amount",),
        "unreadable_at": ("unreadable_date",),
        "missing_at": ("missing_date",),
        "in_the_future": ("future_date",),
        "before_1970": ("before_1970",),
        "not_a_product": ("postage_line", "manual_line", "bank_charges_line"),
    },
    "events": {
        "missing_customer_id": ("missing_customer",),
        "unknown_kind": ("unknown_kind",),
        "in_the_future": ("future_date",),
        "before_1970": ("device_clock_reset",),
    },
    "customers": {
        "missing_customer_id": ("missing_customer",),
        "duplicate_key": ("second_address",),
        "unreadable_signed_up_at": ("unreadable_registration",),
        "unreadable_consent": ("unreadable_consent",),
    },
    "identities": {
        "missing_customer_id": ("missing_customer",),
        "two_customers": ("alias_of_two_customers",),
    },
    "products": {"unreadable_price": ("price_with_currency_sign",)},
    "touches": {
        "missing_customer_id": ("missing_customer",),
        "unknown_kind": ("unknown_kind",),
        "in_the_future": ("future_date",),
    },
    "feedback": {
        "missing_customer_id": ("missing_customer",),
        "unreadable_at": ("unreadable_date",),
        "unreadable_score": ("unreadable_score",),
        "unknown_kind": ("unknown_kind",),
        "in_the_future": ("future_date",),
    },
    "subscriptions": {
        "missing_customer_id": ("missing_customer",),
        "missing_plan": ("missing_plan",),
        "unreadable_started_at": ("unreadable_start",),
    },
}
"""Every reason for which rows of a table are rejected, with the kinds of dirt that it counts."""


@pytest.mark.parametrize("table", REJECTED)
def test_cleaning_rejects_exactly_the_dirt(shop: Path, ingested: IngestResult, table: str) -> None:
    dirt = json.loads((shop / "truth" / "dirt.json").read_text())[table]
    expected = {reason: sum(dirt[kind] for kind in kinds) for reason, kinds in REJECTED[table].items()}
    assert dict(ingested.rejects[table]) == expected


def test_cleaning_leaves_the_clean_world(shop: Path, ingested: IngestResult) -> None:
    """Rows added as dirt are gone, altered rows are still there: what is left is what happened."""
    raw_rows = json.loads((shop / "truth" / "world.json").read_text())["rows"]
    dirt = json.loads((shop / "truth" / "dirt.json").read_text())
    assert set(ingested.counts) == set(DIRT)
    for table, kinds in DIRT.items():
        added = sum(dirt[table][kind.kind] for kind in kinds if kind.effect == "added")
        assert ingested.counts[table] == raw_rows[table] - added, table


def test_orders_in_the_truth_are_the_orders_in_the_data(truth: pl.DataFrame, sales: pl.DataFrame) -> None:
    counted = sales.group_by("customer_id").agg(pl.col("order_id").n_unique())
    both = truth.join(counted, left_on="customer_no", right_on="customer_id", how="left").fill_null(0)
    assert both["orders_n"].to_list() == both["order_id"].to_list()


def test_nobody_buys_before_joining_or_after_dropping_out(truth: pl.DataFrame, sales: pl.DataFrame) -> None:
    lived = sales.group_by("customer_id").agg(first=pl.col("at").min(), last=pl.col("at").max())
    both = truth.join(lived, left_on="customer_no", right_on="customer_id")
    # An hour of tolerance: the truth is in local time, canonical tables are in UTC.
    assert both.filter(pl.col("first") < pl.col("joined_at") - pl.duration(hours=1, seconds=1)).is_empty()
    assert both.filter(pl.col("last") > pl.col("dropout_at") + pl.duration(seconds=1)).is_empty()


def test_orders_run_to_the_end_of_the_span(sales: pl.DataFrame) -> None:
    last = sales.select(pl.col("at").max() - START).item().total_seconds() / 86_400
    assert 729 <= last < 730


def test_base_rates_make_sensible_questions(sales: pl.DataFrame) -> None:
    for day in range(240, 701, 115):
        cutoff = START + pl.duration(days=day)
        seen = sales.filter(pl.col("at") < cutoff).group_by("customer_id").agg(pl.col("at").max())
        ahead = sales.filter(pl.col("at").is_between(cutoff, cutoff + pl.duration(days=30), closed="left"))
        buys = seen.with_columns(buys=pl.col("customer_id").is_in(ahead["customer_id"].unique().implode()))
        active = buys.filter(pl.col("at") >= cutoff - pl.duration(days=90))
        assert 0.10 < buys["buys"].mean() < 0.60
        assert 0.10 < 1 - active["buys"].mean() < 0.60


def test_segments_differ_and_overlap(truth: pl.DataFrame, sales: pl.DataFrame) -> None:
    spend = sales.group_by("customer_id").agg(
        value=(pl.col("quantity") * pl.col("unit_price")).sum() / pl.col("order_id").n_unique(),
        discounted=(pl.col("discount") > 0).mean(),
    )
    both = truth.join(spend, left_on="customer_no", right_on="customer_id")
    middle = {key[0]: part for key, part in both.group_by("segment")}
    assert set(middle) == {segment.name for segment in SEGMENTS}
    assert middle["trade buyers"]["value"].median() > 3 * middle["routine shoppers"]["value"].median()
    assert middle["bargain hunters"]["discounted"].mean() > 2 * middle["seasonal gifters"]["discounted"].mean()
    # Not trivial: many a routine shopper buys at a slower rate than the middle bargain hunter.
    slow = middle["routine shoppers"]["purchase_rate"] < middle["bargain hunters"]["purchase_rate"].median()
    assert 0.05 < slow.mean() < 0.5


def test_seasons_show(truth: pl.DataFrame, sales: pl.DataFrame) -> None:
    both = sales.join(truth, left_on="customer_id", right_on="customer_no")
    late = {key[0]: (part["at"].dt.month() >= 11).mean() for key, part in both.group_by("segment")}
    assert late["seasonal gifters"] > 0.5
    assert late["passers-by"] < 0.3
    assert late["routine shoppers"] < 0.3


def test_the_unhappy_leave_sooner() -> None:
    world = build_world(np.datetime64("2024-01-01"), 730, seed=1)
    population = draw_population(np.random.default_rng(1), world, 0, 4000)
    lasted = {}
    for mood in (0.2, 0.9):
        felt = population.__class__(**{**vars(population), "satisfaction": np.full(4000, mood)})
        purchases = draw_purchases(np.random.default_rng(2), world, felt)
        lasted[mood] = np.minimum(purchases.dropout_at, world.days) - felt.joined
    assert lasted[0.2].mean() < 0.8 * lasted[0.9].mean()


def test_customers_buy_at_their_own_rate_while_they_live() -> None:
    """Purchases while alive, over demand days while alive, is the customer's own rate."""
    world = build_world(np.datetime64("2024-01-01"), 730, seed=1)
    population = draw_population(np.random.default_rng(1), world, 0, 20_000)
    # Nobody so cold to the shop becomes a member, and members buy faster.
    cold = population.__class__(**{**vars(population), "usage_z": np.full(20_000, -100.0)})
    purchases = draw_purchases(np.random.default_rng(2), world, cold)
    end = np.minimum(purchases.dropout_at, world.days)
    exposed = demand_days(world, population.segment, end) - demand_days(world, population.segment, population.joined)
    repeats = np.bincount(purchases.customer, minlength=population.size) - population.buys
    memoryless = np.isin(population.segment, [i for i, s in enumerate(SEGMENTS) if s.regularity == 1.0])
    expected = (population.purchase_rate * exposed)[memoryless].sum()
    assert repeats[memoryless].sum() == pytest.approx(expected, rel=0.02)


def test_the_clock_and_its_inverse_agree() -> None:
    world = build_world(np.datetime64("2024-01-01"), 100, seed=1)
    rng = np.random.default_rng(4)
    segment = rng.integers(len(SEGMENTS), size=500)
    noon = np.floor(rng.uniform(0, 100, 500)) + 0.5
    np.testing.assert_allclose(calendar_days(world, segment, demand_days(world, segment, noon)), noon, atol=1e-9)
    end = demand_days(world, segment, np.full(500, 100.0))
    assert np.isinf(calendar_days(world, segment, end + 0.5)).all()


def test_visits_come_before_web_orders_and_fade_after_dropout(
    shop: Path, truth: pl.DataFrame, ingested: IngestResult
) -> None:
    events = pl.read_parquet(ingested.folder / "events.parquet")
    both = under_real_numbers(events, truth).join(truth, left_on="customer_id", right_on="customer_no")
    both = both.filter(pl.col("dropout_at").is_not_null())
    lived = truth.filter(pl.col("dropout_at").is_not_null()).select(
        alive=(pl.col("dropout_at") - pl.col("joined_at")).dt.total_days().sum(),
        gone=(pl.datetime(2025, 12, 31) - pl.col("dropout_at")).dt.total_days().sum(),
    )
    after = (both["at"] > both["dropout_at"]).sum()
    assert after / lived["gone"].item() < 0.2 * (both.height - after) / lived["alive"].item()
    clean = pl.col("kind") == "checkout"
    checkouts = events.filter(clean).select("customer_id", "at", checked_out=pl.col("at")).sort("at")
    orders = pl.read_parquet(ingested.folder / "orders.parquet").filter(
        (pl.col("kind") == "sale") & pl.col("channel").is_in(["web", "app"])
    )
    first = orders.group_by("customer_id", "order_id").agg(pl.col("at").min()).sort("at")
    near = first.join_asof(
        checkouts, on="at", by="customer_id", strategy="backward", tolerance="2m", check_sortedness=False
    )
    # An order in the first minutes of the span has its checkout before it; some checkouts are an hour late.
    slipped = json.loads((shop / "truth" / "dirt.json").read_text())["events"]["checkout_an_hour_after_its_order"]
    assert slipped <= near["checked_out"].null_count() <= slipped + 5
    assert 1.1 * first.height < checkouts.height < 1.6 * first.height


def test_returns_are_matched_to_their_sales(ingested: IngestResult) -> None:
    orders = pl.read_parquet(ingested.folder / "orders.parquet").filter(pl.col("kind") == "return")
    assert orders.height > 100
    assert orders["original_order_id"].is_not_null().mean() > 0.98


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"customers": 0}, "customers is 0"),
        ({"days": 10}, "at least 60 days"),
        ({"days": 100, "until": 200}, "shows no more than it has"),
        ({"chunk": 0}, "chunk is 0"),
    ],
)
def test_impossible_wishes_are_refused(tmp_path: Path, arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        simulate(tmp_path / "shop", **({"customers": 10, "seed": 1} | arguments))
    assert not (tmp_path / "shop").exists()


def test_a_folder_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(BadInput, match="no simulation wrote"):
        simulate(tmp_path, customers=10, seed=1)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_an_earlier_simulation_is_replaced_as_a_whole(tmp_path: Path) -> None:
    simulate(tmp_path / "shop", customers=100, seed=1, days=90, chunk=50)
    simulate(tmp_path / "shop", customers=50, seed=1, days=90, chunk=50)
    assert sorted(path.name for path in (tmp_path / "shop" / "raw").glob("orders*")) == ["orders-0000.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
