"""Each family against a plain second writing of it: SQL for purchase, Python loops for cadence and basket."""

import math
import statistics
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import duckdb
import pandas as pd
import polars as pl
import pytest

from features.engines import from_frames, to_pandas
from features.snapshot import snapshot
from features.windows import to_days

AS_OF = datetime(2022, 1, 17, 10, 30)
Row = dict[str, object]


@pytest.fixture(scope="module")
def features(shop: dict[str, pl.DataFrame]) -> pd.DataFrame:
    return to_pandas(snapshot(from_frames(shop), to_days(AS_OF))).set_index("customer_id")


@pytest.fixture(scope="module")
def known(shop: dict[str, pl.DataFrame]) -> dict[str, list[Row]]:
    """Order lines a customer, before AS_OF and known by then: cut here without features.windows."""
    rows: dict[str, list[Row]] = {}
    for row in shop["orders"].iter_rows(named=True):
        if row["at"] < AS_OF and (row["known_at"] is None or row["known_at"] < AS_OF):
            rows.setdefault(row["customer_id"], []).append(row)
    return {customer: lines for customer, lines in rows.items() if any(r["kind"] == "sale" for r in lines)}


def close(found: float, expected: float | None) -> bool:
    if expected is None:
        return math.isnan(found)
    return found == pytest.approx(expected, rel=1e-6, abs=1e-5)  # terms of sums are rounded to millionths


def test_purchase_is_what_sql_says(shop: dict[str, pl.DataFrame], features: pd.DataFrame) -> None:
    windows = [14, 30, 60, 90, 180, 365]
    counts = ", ".join(
        f"count(*) FILTER (moment >= now_ - INTERVAL {w} DAY) AS purchase_orders_{w}d_n,"
        f"coalesce(sum(paid) FILTER (moment >= now_ - INTERVAL {w} DAY), 0) AS paid_{w}"
        for w in windows
    )
    connection = duckdb.connect()
    connection.register("lines", shop["orders"].to_arrow())
    expected = (
        connection.sql(f"""
        WITH sales AS (
            SELECT *, TIMESTAMP '{AS_OF}' AS now_ FROM lines
            WHERE kind = 'sale' AND "at" < TIMESTAMP '{AS_OF}'
              AND coalesce(known_at, TIMESTAMP '1970-01-01') < TIMESTAMP '{AS_OF}'),
        orders AS (
            SELECT customer_id, order_id, now_, min("at") AS moment,
                   sum(quantity * unit_price - coalesce(discount, 0)) AS paid
            FROM sales GROUP BY ALL),
        days AS (SELECT customer_id, count(DISTINCT "at"::DATE) AS purchase_days_n FROM sales GROUP BY ALL)
        SELECT customer_id, purchase_days_n, count(*) AS purchase_orders_n, sum(paid) AS purchase_spend,
            avg(paid) AS purchase_order_value_mean, {counts},
            epoch(now_ - max(moment)) / 86400 AS purchase_recency_days,
            epoch(now_ - min(moment)) / 86400 AS purchase_tenure_days
        FROM orders JOIN days USING (customer_id) GROUP BY customer_id, purchase_days_n, now_
        """)
        .df()
        .set_index("customer_id")
    )
    expected["purchase_spend_90d"] = expected["paid_90"]
    expected["purchase_spend_30d"] = expected["paid_30"]
    expected["purchase_spend_365d"] = expected["paid_365"]
    expected["purchase_day_rate"] = expected["purchase_days_n"] / (expected["purchase_tenure_days"] + 30)
    n90, n180 = expected["purchase_orders_90d_n"], expected["purchase_orders_180d_n"]
    expected["purchase_orders_trend"] = (n90 + 1) / (n180 - n90 + 1)
    expected["purchase_spend_trend"] = expected["paid_90"] / expected["paid_180"].where(expected["paid_180"] > 0)
    names = [name for name in features.columns if name.startswith("purchase_")]
    found = features[names]
    # Money is rounded to ticks a line, a hundredth of a penny each.
    pd.testing.assert_frame_equal(found, expected.loc[found.index, names].astype(float), atol=2e-2, rtol=1e-3)
    exact = [name for name in names if "spend" not in name and "value" not in name]
    pd.testing.assert_frame_equal(found[exact], expected.loc[found.index, exact].astype(float), rtol=1e-12)


def gaps_oracle(days: list[date]) -> dict[str, float | None]:
    gaps = [(b - a).days for a, b in pairwise(days)]
    silence = (AS_OF.date() - days[-1]).days
    longer = [gap for gap in gaps if gap > silence]
    mean = statistics.mean(gaps) if gaps else None
    return {
        "cadence_gap_mean_days": mean,
        "cadence_gap_median_days": statistics.median(gaps) if gaps else None,
        "cadence_gap_last_days": gaps[-1] if gaps else None,
        "cadence_gap_cv": statistics.stdev(gaps) / mean if mean and len(gaps) > 1 else None,
        "cadence_overdue_ratio": silence / mean if mean else None,
        "cadence_longer_gap_share": (len(longer) + 1) / (len(gaps) + 2),
        "cadence_due_30d_share": (sum(gap <= silence + 30 for gap in longer) + 1) / (len(longer) + 2),
        "cadence_second_last_days": (AS_OF.date() - days[-2]).days if gaps else None,
    }


def calendar_oracle(days: list[date], moments: list[datetime]) -> dict[str, float | None]:
    ages = [(AS_OF.date() - day).days for day in days]
    older = [age for age in ages if age > 45]
    in_season = [age for age in older if abs(age - round(age / 365.2425) * 365.2425) <= 45]
    turn = 2 * math.pi * (to_days(AS_OF) % 365.2425) / 365.2425
    return {
        "cadence_active_180d_n": len({age // 30 for age in ages if age < 180}),
        "cadence_momentum": sum(30 / (30 + age) for age in ages),
        "cadence_weekend_share": sum(day.weekday() >= 5 for day in days) / len(days),
        "cadence_morning_share": sum(at.hour < 12 for at in moments) / len(moments),
        "cadence_evening_share": sum(at.hour >= 18 for at in moments) / len(moments),
        "cadence_season_share": len(in_season) / len(older) if older else None,
        "cadence_year_ago_30d_n": sum(335 < age <= 365 for age in ages) if ages[0] >= 365 else None,
        "cadence_season_sin": math.sin(turn),
        "cadence_season_cos": math.cos(turn),
    }


def test_cadence_is_what_the_calendar_says(known: dict[str, list[Row]], features: pd.DataFrame) -> None:
    assert sorted(known) == list(features.index)
    for customer, lines in known.items():
        orders = {line["order_id"]: line["at"] for line in lines if line["kind"] == "sale"}
        moments: list[datetime] = sorted(orders.values())
        days = sorted({moment.date() for moment in moments})
        expected = gaps_oracle(days) | calendar_oracle(days, moments)
        assert set(expected) == {name for name in features.columns if name.startswith("cadence_")}
        for name, value in expected.items():
            assert close(features.at[customer, name], value), (customer, name, features.at[customer, name], value)


def amount(line: Row) -> float:
    return line["quantity"] * line["unit_price"] - (line["discount"] or 0)


def shannon(counts: Counter) -> float | None:
    total = sum(counts.values())
    return -sum(n / total * math.log(n / total) for n in counts.values()) if total else None


def basket_oracle(lines: list[Row], category: dict[str, str | None]) -> dict[str, float | None]:
    sales = [line for line in lines if line["kind"] == "sale"]
    returns = [line for line in lines if line["kind"] == "return"]
    orders = Counter(line["order_id"] for line in sales)
    products = Counter(line["product_id"] for line in sales if line["product_id"])
    pairs = {(line["order_id"], line["product_id"]) for line in sales if line["product_id"]}
    known = Counter(category[p] for line in sales if (p := line["product_id"]) and category.get(p))
    last = max(line["at"] for line in sales)
    spent, off = sum(map(amount, sales)), sum(line["discount"] or 0 for line in sales)
    units = sum(line["quantity"] for line in sales)
    return {
        "basket_lines_mean": len(sales) / len(orders),
        "basket_lines_last_n": sum(line["at"] == last for line in sales),
        "basket_lines_90d_n": sum(AS_OF - line["at"] <= timedelta(days=90) for line in sales),
        "basket_units_mean": units / len(orders),
        "basket_unit_price_mean": spent / units,
        "basket_products_n": len(products),
        "basket_product_entropy": shannon(products),
        "basket_product_repeat_share": (len(pairs) - len(products)) / len(pairs) if pairs else None,
        "basket_categories_n": len(known) or None,
        "basket_category_entropy": shannon(known),
        "basket_discount_share": off / (spent + off) if spent + off > 0 else None,
        "basket_returns_n": len({line["order_id"] for line in returns}),
        "basket_return_share": sum(map(amount, returns)) / spent if spent > 0 else None,
        "basket_return_recency_days": (AS_OF - max(line["at"] for line in returns)) / timedelta(days=1)
        if returns
        else None,
    }


def test_basket_is_what_the_till_says(
    shop: dict[str, pl.DataFrame], known: dict[str, list[Row]], features: pd.DataFrame
) -> None:
    category = dict(shop["products"].select("product_id", "category").iter_rows())
    for customer, lines in known.items():
        expected = basket_oracle(lines, category)
        assert set(expected) == {name for name in features.columns if name.startswith("basket_")}
        for name, value in expected.items():
            found = features.at[customer, name]
            if name in ("basket_unit_price_mean", "basket_return_share"):  # money, rounded to ticks a line
                assert found == pytest.approx(value, rel=1e-3), (customer, name)
            else:
                assert close(found, value), (customer, name, found, value)


def test_the_favourite_category_is_the_one_of_most_lines(
    shop: dict[str, pl.DataFrame], known: dict[str, list[Row]], features: pd.DataFrame
) -> None:
    category = dict(shop["products"].select("product_id", "category").iter_rows())
    seen = set()
    for customer, lines in known.items():
        named = [category[p] for row in lines if row["kind"] == "sale" and (p := row["product_id"]) and category.get(p)]
        counts = Counter(named)
        most = max(counts.values(), default=0)
        favourite = min((each for each, n in counts.items() if n == most), default=None)
        found = features.loc[customer, ["favourite_category", "favourite_category_share"]]
        assert found.iloc[0] == favourite or (favourite is None and pd.isna(found.iloc[0]))
        assert close(found.iloc[1], most / len(named) if named else None)
        seen.add(favourite)
    assert len(seen) > 2


def test_a_wholesaler_does_not_overflow() -> None:
    lines = 70_000
    orders = pl.DataFrame(
        {"order_id": [f"o{i}" for i in range(lines)], "product_id": [f"p{i % 10}" for i in range(lines)]}
    )
    orders = orders.with_columns(customer_id=pl.lit("c"), quantity=1e6, unit_price=1e3, kind=pl.lit("sale"))
    orders = orders.with_columns(at=pl.lit(datetime(2022, 1, 16)) - pl.duration(minutes=pl.int_range(lines)))
    found = to_pandas(snapshot(from_frames({"orders": orders}), to_days(AS_OF))).iloc[0]
    assert found["purchase_spend"] == lines * 1e9
    assert found["purchase_order_value_mean"] == 1e9
    assert found["basket_product_entropy"] == pytest.approx(math.log(10), abs=1e-6)
    assert found["basket_product_repeat_share"] == pytest.approx(1 - 10 / lines)
