"""Families over optional columns and later tables, each against plain loops over one customer's rows."""

import math
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from features.definition import joined
from features.engines import from_frames, given, open_tables, to_pandas
from features.entities import about
from features.errors import BadTable
from features.families import families, families_for, is_text
from features.past import look_back
from features.snapshot import feature_names
from features.windows import to_days
from tests.features.alike import assert_same_bits, snapshot_of
from tests.features.plain import (
    MOMENTS,
    Frames,
    Row,
    by_customer,
    days_since,
    known_rows,
    profiles,
    same,
)
from tests.features.shop import grown_shop, whole_shop

AS_OF = MOMENTS[-1]
RESPONSES = {"open", "click", "like", "share", "comment", "attend"}
LATER = (
    "content",
    "level",
    "margin",
    "ordered",
    "outreach",
    "points",
    "referred",
    "results",
    "search",
    "seasonal",
    "topics",
)


@pytest.fixture(scope="module")
def grown() -> Frames:
    return grown_shop()


@pytest.fixture(scope="module")
def found(grown: Frames) -> pd.DataFrame:
    return snapshot_of(grown, AS_OF).set_index("customer_id")


def recent(rows: list[Row], days: int) -> list[Row]:
    return [row for row in rows if AS_OF - row["at"] <= timedelta(days=days)]


def favourite(levels: list[object]) -> tuple[object, float | None, int]:
    """The most frequent level (of equals the alphabetically first), its share, and how many there are."""
    counts = Counter(levels)
    if not counts:
        return None, None, 0
    name = min(counts, key=lambda level: (-counts[level], level))
    return name, counts[name] / counts.total(), len(counts)


def events_oracle(rows: list[Row]) -> dict[str, object]:
    young = recent(rows, 90)
    words = Counter(row["query"] for row in young if row["kind"] == "search" and row["query"])
    counts = [row["results_n"] for row in young if row["kind"] == "search" and row["results_n"] is not None]
    pages = [row["page"] for row in young if row["page"]]
    page, share, pages_n = favourite(pages)
    return {
        "search_words_90d_n": len(words),
        "search_again_share": sum(n > 1 for n in words.values()) / len(words) if words else None,
        "results_none_90d_n": counts.count(0),
        "results_none_share": counts.count(0) / len(counts) if counts else None,
        "results_mean": sum(counts) / len(counts) if counts else None,
        "content_pages_90d_n": pages_n,
        "content_views_90d_n": len(pages),
        "content_favourite": page,
        "content_favourite_share": share,
    }


def touches_oracle(rows: list[Row]) -> dict[str, object]:
    young = recent(rows, 365)
    answers = [row for row in young if row["kind"] in RESPONSES]
    topic, share, topics_n = favourite([row["topic"] for row in answers if row["topic"]])
    costs = [row["cost"] for row in young if row["cost"] is not None]
    return {
        "topics_responded_n": topics_n,
        "topics_favourite": topic,
        "topics_favourite_share": share,
        "outreach_cost_365d": sum(costs) if costs else None,
        "outreach_cost_per_response": sum(costs) / len(answers) if costs and answers else None,
    }


def points_oracle(rows: list[Row]) -> dict[str, object]:
    def total(kind: str, of: list[Row]) -> float:
        return sum(row["points"] or 0 for row in of if row["kind"] == kind)

    moves = [row["at"] for row in rows if row["kind"] != "tier"]
    spent = [row["at"] for row in rows if row["kind"] == "spend"]
    tiers = [(row["at"], row["tier"]) for row in rows if row["tier"]]
    newest = max((at for at, _ in tiers), default=None)
    return {
        "points_balance": total("earn", rows) - total("spend", rows),
        "points_earned_365d": total("earn", recent(rows, 365)),
        "points_spent_share": total("spend", rows) / total("earn", rows) if total("earn", rows) else None,
        "points_recency_days": days_since(max(moves), AS_OF) if moves else None,
        "points_spent_days": days_since(max(spent), AS_OF) if spent else None,
        "points_tier": min((tier for at, tier in tiers if at == newest), default=None),
        "points_tier_days": days_since(newest, AS_OF) if newest else None,
    }


def margin_oracle(lines: list[Row], cost: dict[str, float]) -> dict[str, object]:
    sales = [line for line in lines if line["kind"] == "sale" and cost.get(line["product_id"]) is not None]
    paid = [in_ticks(line["quantity"] * line["unit_price"] - (line["discount"] or 0)) for line in sales]
    spent = [in_ticks(line["quantity"] * cost[line["product_id"]]) for line in sales]
    earned = [one - other for one, other in zip(paid, spent, strict=True)]
    young = [won for line, won in zip(sales, earned, strict=True) if AS_OF - line["at"] <= timedelta(days=365)]
    return {
        "margin_365d": sum(young) / 10_000 if young else None,
        "margin_share": sum(earned) / sum(paid) if sum(paid) > 0 else None,
    }


def in_ticks(money: float) -> int:
    return math.floor(money * 10_000 + 0.5)


def seasons_oracle(lines: list[Row], season: dict[str, str]) -> dict[str, object]:
    named = [line["product_id"] for line in lines if line["kind"] == "sale" and line["product_id"]]
    seasonal = [season[product] for product in named if season.get(product)]
    name, share, _ = favourite(seasonal)
    return {
        "seasonal_share": len(seasonal) / len(named) if named else None,
        "seasonal_favourite": name,
        "seasonal_favourite_share": share,
    }


def profile_oracle(row: Row | None) -> dict[str, object]:
    row = row or {}
    return {
        "referred_by_customer": float(row["referred_by"] is not None) if row else None,
        "level_hobby": row.get("level_hobby"),
        "level_lifestyle": row.get("lifestyle"),
        "level_motivation": row.get("motivation"),
        "ordered_kids": row.get("ordered_kids"),
    }


def test_each_column_is_what_a_plain_loop_says(grown: Frames, found: pd.DataFrame) -> None:
    rows = {name: by_customer(known_rows(grown, name, AS_OF)) for name in ("events", "touches", "loyalty", "orders")}
    who = profiles(grown, AS_OF)
    cost = dict(grown["products"].select("product_id", "unit_cost").iter_rows())
    season = dict(grown["products"].select("product_id", "season").iter_rows())
    asked = [name for name in found if name.partition("_")[0] in LATER]
    assert len(asked) > 25
    for customer in found.index:
        expected = {
            **events_oracle(rows["events"].get(customer, [])),
            **touches_oracle(rows["touches"].get(customer, [])),
            **points_oracle(rows["loyalty"].get(customer, [])),
            **margin_oracle(rows["orders"].get(customer, []), cost),
            **seasons_oracle(rows["orders"].get(customer, []), season),
            **profile_oracle(who.get(customer)),
        }
        assert set(expected) == set(asked)
        for name, value in expected.items():
            assert same(found.at[customer, name], value, rel=1e-9), (customer, name, found.at[customer, name], value)


def test_both_engines_give_the_same_bits(grown: Frames, tmp_path: Path) -> None:
    for name, table in grown.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    days, asked = to_days(AS_OF), [families()[name] for name in LATER]
    polars, duckdb = (
        to_pandas(joined(asked, look_back(about(open_tables(tmp_path, engine), days), days), days))
        for engine in ("polars", "duckdb")
    )
    assert len(polars.columns) > 25
    assert_same_bits(duckdb, polars)


def test_data_without_them_have_the_features_they_had(found: pd.DataFrame) -> None:
    """No column more for a shop without them, and no other value in a shop with them."""
    before = snapshot_of(whole_shop(), AS_OF)
    assert not [name for name in before if name.partition("_")[0] in LATER]
    assert_same_bits(found.reset_index()[list(before)], before)


def test_a_family_is_there_as_soon_as_its_column_is(grown: Frames) -> None:
    bare = {name: grown[name] for name in ("orders", "customers")}
    columns = bare["customers"].columns
    few = bare | {"customers": bare["customers"].select(name for name in columns if name not in ("lifestyle",))}
    names = feature_names(given(from_frames(few)))
    assert {"level_hobby", "level_motivation", "ordered_kids", "referred_by_customer"} <= set(names)
    assert "level_lifestyle" not in names
    assert list(snapshot_of(few, AS_OF).columns) == ["customer_id", *names]
    assert "level" not in families_for(("orders", "customers"))
    assert is_text("level_whatever")
    assert not is_text("level_whatever=chess")
    assert not is_text("ordered_whatever")


def test_a_cost_that_no_product_has_is_as_if_there_were_none(grown: Frames, tmp_path: Path) -> None:
    """The canonical table has always had the column."""
    grown["orders"].write_parquet(tmp_path / "orders.parquet")
    for cost, has in ((None, False), (2.5, True)):
        priced = grown["products"].with_columns(unit_cost=pl.lit(cost, dtype=pl.Float64))
        priced.write_parquet(tmp_path / "products.parquet")
        for engine in ("polars", "duckdb"):
            assert ("products.unit_cost" in given(open_tables(tmp_path, engine))) is has


def test_the_vault_is_no_table_of_features(grown: Frames, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="table 'contacts' is unknown"):
        from_frames({"orders": grown["orders"], "contacts": pl.DataFrame({"customer_id": ["c00"]})})
    for name in ("orders", "contacts"):
        grown["orders"].write_parquet(tmp_path / f"{name}.parquet")
    assert set(open_tables(tmp_path)) == {"orders"}
