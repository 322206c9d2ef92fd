"""The relations family against plain loops over each company's contacts."""

import math
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from features.definition import joined
from features.engines import from_frames, open_tables, to_pandas
from features.entities import about
from features.families import families
from features.past import look_back
from features.snapshot import snapshot
from features.windows import to_days
from tests.features.plain import (
    MOMENTS,
    Frames,
    Row,
    by_customer,
    check,
    days_since,
    features_of,
    known_rows,
    profiles,
)

AS_OF = datetime(2022, 1, 17, 10, 30)
MONEY = ("relations_spend", "relations_own_spend_share")


def orders_of(lines: list[Row]) -> list[tuple[datetime, datetime, float]]:
    """First line, last line and money of each sale order."""
    orders: dict[str, list[Row]] = {}
    for line in lines:
        if line["kind"] == "sale":
            orders.setdefault(line["order_id"], []).append(line)
    money = [sum(r["quantity"] * r["unit_price"] - (r["discount"] or 0) for r in rows) for rows in orders.values()]
    moments = [(min(r["at"] for r in rows), max(r["at"] for r in rows)) for rows in orders.values()]
    return [(*at, paid) for at, paid in zip(moments, money, strict=True)]


def entropy(amounts: list[float]) -> float | None:
    whole = [n for amount in amounts if (n := math.floor(amount + 0.5)) >= 1]
    return -sum(n / sum(whole) * math.log(n / sum(whole)) for n in whole) if whole else None


def young(orders: list[tuple[datetime, datetime, float]], as_of: datetime) -> int:
    return sum(as_of - first <= timedelta(days=90) for first, _, _ in orders)


def relations_oracle(
    contacts: dict[str, list[tuple[datetime, datetime, float]]], own: str | None, as_of: datetime
) -> dict[str, object]:
    """Of a company's ``contacts`` with their orders, and of the contact ``own`` among them."""
    every = [order for orders in contacts.values() for order in orders]
    others = [order for who, orders in contacts.items() if who != own for order in orders]
    spent = sum(paid for *_, paid in every)
    own_spent = sum(paid for *_, paid in contacts[own]) if own else None
    begun = [min(first for first, *_ in orders) for orders in contacts.values() if orders]
    return {
        "relations_contacts_n": len(contacts),
        "relations_buyers_n": sum(bool(orders) for orders in contacts.values()),
        "relations_active_share": sum(young(o, as_of) > 0 for o in contacts.values()) / len(contacts),
        "relations_orders_n": len(every),
        "relations_orders_90d_n": young(every, as_of),
        "relations_spend": spent,
        "relations_spend_entropy": entropy([sum(paid for *_, paid in orders) for orders in contacts.values()]),
        "relations_recency_days": days_since(max(last for _, last, _ in every), as_of),
        "relations_tenure_days": days_since(min(begun), as_of),
        "relations_newest_buyer_days": days_since(max(begun), as_of),
        "relations_own_spend_share": own_spent / spent if own else None,
        "relations_colleagues_recency_days": days_since(max(last for _, last, _ in others), as_of)
        if own and others
        else None,
        "relations_colleagues_orders_90d_n": young(others, as_of) if own else None,
    }


@pytest.mark.parametrize("as_of", MOMENTS)
@pytest.mark.parametrize("entity", ["customer", "company"])
def test_relations_are_what_the_contacts_did(world: Frames, as_of: datetime, entity: str) -> None:
    lines = by_customer(known_rows(world, "orders", as_of))
    company = {who: row["company_id"] for who, row in profiles(world, as_of).items() if row["company_id"]}
    bought = {who: orders_of(lines.get(who, [])) for who in company}

    def oracle(customer: str) -> dict[str, object]:
        firm = company.get(customer) if entity == "customer" else customer
        if firm is None:
            return dict.fromkeys(families()["relations"].COLUMNS)
        contacts = {who: orders for who, orders in bought.items() if company[who] == firm}
        return relations_oracle(contacts, customer if entity == "customer" else None, as_of)

    found = features_of("relations", world, as_of, entity)
    assert found["relations_contacts_n"].notna().sum() >= 3
    check(found, "relations", oracle, money=MONEY)


def firm(*lines: tuple[str, int, float], contacts: str = "abc") -> Frames:
    """Contacts of one company, and what they bought: (contact, days ago, paid)."""
    names = {"customer_id": pl.String, "days": pl.Int64, "unit_price": pl.Float64}
    orders = (
        pl.DataFrame(lines, schema=names, orient="row")
        .with_row_index("order_id")
        .with_columns(
            pl.col("order_id").cast(pl.String),
            at=pl.lit(AS_OF) - pl.duration(days=pl.col("days")),
            quantity=pl.lit(1.0),
            kind=pl.lit("sale"),
        )
    )
    return {
        "orders": orders.drop("days"),
        "customers": pl.DataFrame({"customer_id": list(contacts), "company_id": "firm"}),
    }


def test_a_colleague_who_bought_at_the_same_moment_counts() -> None:
    found = features_of("relations", firm(("a", 5, 1.0), ("b", 5, 1.0), ("c", 9, 1.0)), AS_OF)
    assert found["relations_colleagues_recency_days"].tolist() == [5, 5, 5]
    found = features_of("relations", firm(("a", 5, 1.0), ("b", 7, 1.0), ("c", 9, 1.0)), AS_OF)
    assert found["relations_colleagues_recency_days"].tolist() == [7, 5, 5]


def test_a_single_buyer_has_no_colleagues_to_speak_of() -> None:
    found = features_of("relations", firm(("a", 100, 3.0)), AS_OF).loc["a"]
    assert (found["relations_contacts_n"], found["relations_buyers_n"], found["relations_active_share"]) == (3, 1, 0)
    assert math.isnan(found["relations_colleagues_recency_days"])
    assert found["relations_own_spend_share"] == 1
    assert found["relations_spend_entropy"] == 0


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("entity", ["customer", "company"])
def test_a_company_that_was_given_everything(tmp_path: Path, engine: str, entity: str) -> None:
    for name, frame in firm(("a", 5, 0.0), ("b", 6, 0.0)).items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    days = to_days(AS_OF)
    past = look_back(about(open_tables(tmp_path, engine), days, entity), days)
    found = to_pandas(joined([families()["relations"]], past, days))
    assert found["relations_spend"].tolist() == [0.0] * len(found)
    assert found[["relations_spend_entropy", "relations_own_spend_share"]].isna().all(axis=None)


def test_a_contact_who_moved_takes_their_purchases_along() -> None:
    frames = firm(("a", 50, 10.0), ("b", 5, 5.0), contacts="ab")
    moved = pl.DataFrame({"customer_id": ["a"], "company_id": ["other"], "known_at": [AS_OF - timedelta(days=1)]})
    first = frames["customers"].with_columns(known_at=pl.lit(None, dtype=pl.Datetime("us")))
    tables = from_frames(frames | {"customers": pl.concat([first, moved])})
    companies = to_pandas(snapshot(tables, to_days(AS_OF), "company")).set_index("customer_id")
    assert companies["relations_spend"].to_dict() == {"firm": 5.0, "other": 10.0}
    before = to_pandas(snapshot(tables, to_days(AS_OF) - 2, "company")).set_index("customer_id")
    assert before["relations_spend"].to_dict() == {"firm": 15.0}
