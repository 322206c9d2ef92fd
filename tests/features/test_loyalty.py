"""The loyalty family against plain loops over days, blocks, categories, scores and contracts."""

import statistics
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

import polars as pl
import pytest

from features.families import families
from tests.features.plain import (
    MOMENTS,
    Frames,
    Row,
    by_customer,
    check,
    days_since,
    features_of,
    known_rows,
)

AS_OF = datetime(2022, 1, 17, 10, 30)


def status(days: list[date], today: date) -> str:
    gaps = [(b - a).days for a, b in pairwise(days)]
    silence, rhythm = (today - days[-1]).days, statistics.fmean(gaps) if gaps else 0
    if (today - days[0]).days <= 90:
        return "new"
    if silence > 180 and silence > 3 * rhythm:
        return "disloyal"
    steady = len(days) >= 4 and statistics.pstdev(gaps) <= rhythm * (1 + 1e-12) and silence <= 2 * rhythm + 1e-9
    return "loyal" if steady else "occasional"


def rhythm_oracle(days: list[date], today: date) -> dict[str, object]:
    ages = [(today - day).days for day in days]
    rebuys = [a - b <= 90 for a, b in pairwise([*ages, -999]) if a >= 90]
    blocks = [any(age // 30 == block for age in ages) for block in range(ages[0] // 30 + 1)]
    runs = [(bought, len(list(run))) for bought, run in groupby(blocks)]
    return {
        "loyalty_status": status(days, today),
        "loyalty_rebuy_share": statistics.fmean(rebuys) if rebuys else None,
        "loyalty_active_share": statistics.fmean(blocks),
        "loyalty_streak_n": max(length for bought, length in runs if bought),
        "loyalty_streak_now_n": runs[0][1] if runs[0][0] else 0,
    }


def breadth_oracle(sales: list[Row], category: dict[str, str | None], as_of: datetime) -> dict[str, object]:
    orders: dict[str, set[str]] = {}
    for line in sales:
        if line["product_id"]:
            orders.setdefault(line["product_id"], set()).add(line["order_id"])
    bought = [(category.get(line["product_id"]), as_of - line["at"] <= timedelta(days=90)) for line in sales]
    recent = {name for name, young in bought if name and young}
    older = {name for name, young in bought if name and not young}
    every = {name for name in category.values() if name}
    return {
        "loyalty_product_rebuy_share": sum(len(n) > 1 for n in orders.values()) / len(orders) if orders else None,
        "loyalty_category_share": len(recent | older) / len(every) if every else None,
        "loyalty_new_category_share": len(recent - older) / len(recent) if recent else None,
    }


def contracts_oracle(contracts: list[Row], as_of: datetime) -> dict[str, object]:
    ends = [c["ended_at"] for c in contracts if c["ended_at"] and c["ended_at"] < as_of]
    running = [c for c in contracts if not c["ended_at"] or c["ended_at"] >= as_of]
    prices = [c["price"] for c in running if c["price"] is not None]
    renewals = [-days_since(c["renews_at"], as_of) for c in running if c["renews_at"] and c["renews_at"] >= as_of]
    return {
        "loyalty_subscribed": int(bool(running)),
        "loyalty_contract_price": sum(prices) if prices else None,
        "loyalty_contract_tenure_days": max((days_since(c["started_at"], as_of) for c in contracts), default=None),
        "loyalty_renewal_days": min(renewals, default=None),
        "loyalty_contracts_ended_n": len(ends),
        "loyalty_contract_ended_days": days_since(max(ends), as_of) if ends else None,
    }


def answers_oracle(feedback: list[Row], touches: list[Row], as_of: datetime) -> dict[str, object]:
    year = timedelta(days=365)
    scored = [row for row in feedback if as_of - row["at"] <= year and row["score"] is not None]
    scale = {"nps": lambda score: score / 10, "csat": lambda score: (score - 1) / 4}
    points = [scale[row["kind"]](row["score"]) for row in scored if row["kind"] in scale]
    return {
        "loyalty_satisfaction": statistics.fmean(points) if points else None,
        "loyalty_shares_365d_n": sum(row["kind"] == "share" and as_of - row["at"] <= year for row in touches),
    }


@pytest.mark.parametrize("as_of", MOMENTS)
def test_loyalty_is_what_the_calendar_says(world: Frames, as_of: datetime) -> None:
    category = dict(world["products"].select("product_id", "category").iter_rows())
    lines = by_customer([row for row in known_rows(world, "orders", as_of) if row["kind"] == "sale"])
    feedback, touches, contracts = (
        by_customer(known_rows(world, table, as_of)) for table in ("feedback", "touches", "subscriptions")
    )

    def oracle(customer: str) -> dict[str, object]:
        sales = lines[customer]
        days = sorted({row["at"].date() for row in sales})
        answers = answers_oracle(feedback.get(customer, []), touches.get(customer, []), as_of)
        running = contracts_oracle(contracts.get(customer, []), as_of)
        return rhythm_oracle(days, as_of.date()) | breadth_oracle(sales, category, as_of) | answers | running

    check(features_of("loyalty", world, as_of), "loyalty", oracle)


def bought(*days_ago: int) -> Frames:
    at = [AS_OF - timedelta(days=days, hours=1) for days in days_ago]
    lines = {"order_id": [f"o{d}" for d in days_ago], "customer_id": "a", "at": at, "quantity": 1.0}
    return {"orders": pl.DataFrame(lines | {"unit_price": 1.0, "kind": "sale"})}


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ((90,), "new"),
        ((91,), "occasional"),
        ((181,), "disloyal"),
        ((400, 300, 200, 100), "loyal"),  # rare, but as regular as a clock
        ((400, 300, 200), "occasional"),  # three days are no habit yet
        ((500, 400, 300, 200), "loyal"),
        ((501, 401, 301, 201), "occasional"),  # silent for over two gaps, but not for three
        ((600, 500, 400, 300), "occasional"),
        ((601, 501, 401, 301), "disloyal"),
        ((700, 699, 698, 697, 181), "occasional"),  # irregular; the silence is not yet three of their gaps
        ((400, 399, 398, 397), "disloyal"),
        ((100, 99, 98, 97, 1), "occasional"),  # a burst and one return: the gaps deviate by more than their mean
    ],
)
def test_status_follows_fixed_rules(days_ago: tuple[int, ...], expected: str) -> None:
    found = features_of("loyalty", bought(*days_ago), AS_OF).loc["a"]
    days = sorted({(AS_OF - timedelta(days=days)).date() for days in days_ago})
    assert found["loyalty_status"] == status(days, AS_OF.date()) == expected


@pytest.mark.parametrize(
    ("days_ago", "longest", "now"),
    [((0,), 1, 1), ((30,), 1, 0), ((59, 30, 29), 2, 2), ((150, 120, 90, 29), 3, 1), ((89, 60, 29), 1, 1)],
)
def test_streaks_count_blocks_of_thirty_days(days_ago: tuple[int, ...], longest: int, now: int) -> None:
    found = features_of("loyalty", bought(*days_ago), AS_OF).loc["a"]
    assert (found["loyalty_streak_n"], found["loyalty_streak_now_n"]) == (longest, now)


def test_what_a_missing_table_would_tell_is_null() -> None:
    found = features_of("loyalty", bought(5), AS_OF).loc["a"]
    derived = ("satisfaction", "shares", "subscribed", "contract", "renewal", "category")
    for name in families()["loyalty"].COLUMNS:
        if any(word in name for word in derived):
            assert found[name] != found[name] or found[name] is None, name


def test_a_contract_that_will_end_still_runs() -> None:
    contract = {"customer_id": "a", "plan": "p", "price": 2.5, "started_at": AS_OF - timedelta(days=10)}
    ends = [AS_OF - timedelta(days=1), AS_OF, AS_OF + timedelta(days=9), None]
    contracts = [contract | {"ended_at": end, "renews_at": AS_OF + timedelta(days=n)} for n, end in enumerate(ends)]
    found = features_of("loyalty", bought(5) | {"subscriptions": pl.DataFrame(contracts)}, AS_OF).loc["a"]
    assert (found["loyalty_subscribed"], found["loyalty_contracts_ended_n"]) == (1, 1)
    assert (found["loyalty_contract_price"], found["loyalty_renewal_days"]) == (7.5, 1)
