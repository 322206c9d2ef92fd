"""The sensitivity family against plain loops over lines, orders and complaints."""

import statistics
from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl
import pytest

from features.families import families
from tests.features.plain import (
    MOMENTS,
    Frames,
    Row,
    by_customer,
    check,
    features_of,
    known_rows,
)

AS_OF = datetime(2022, 1, 17, 10, 30)
MONEY = ("sensitivity_discount_order_value", "sensitivity_price_level", "sensitivity_discount_depth")
HALF_A_YEAR = timedelta(days=180)


def over(part: float, base: float) -> float | None:
    return part / base if base > 0 else None


def minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def gross(lines: Iterable[Row]) -> float:
    return sum(line["quantity"] * line["unit_price"] for line in lines)


def first_lines(lines: list[Row]) -> dict[str, datetime]:
    """When each order began."""
    found: dict[str, datetime] = {}
    for line in lines:
        found[line["order_id"]] = min(line["at"], found.get(line["order_id"], line["at"]))
    return found


def line_oracle(sales: list[Row], products: dict[str, Row]) -> dict[str, object]:
    off = [line for line in sales if line["discount"]]
    full = [line for line in sales if not line["discount"]]
    deep = [line for line in off if line["discount"] >= 0.2 * line["quantity"] * line["unit_price"]]
    listed = [line for line in sales if (products.get(line["product_id"]) or {}).get("price")]
    at_list = sum(line["quantity"] * products[line["product_id"]]["price"] for line in listed)
    grouped = [line for line in listed if products[line["product_id"]]["category"]]
    cheap = [line for line in grouped if is_cheap(products[line["product_id"]], products.values())]
    units = [sum(line["quantity"] for line in lines) / len(lines) if lines else 0 for lines in (off, full)]
    return {
        "sensitivity_discount_line_share": len(off) / len(sales),
        "sensitivity_discount_spend_share": over(gross(off), gross(sales)),
        "sensitivity_discount_depth": over(sum(line["discount"] for line in off), gross(off)),
        "sensitivity_deep_spend_share": over(gross(deep), gross(off)),
        "sensitivity_stockpiling": over(*units) if off else None,
        "sensitivity_price_level": over(gross(listed), at_list),
        "sensitivity_cheap_spend_share": over(gross(cheap), gross(grouped)),
    }


def is_cheap(product: Row, products: Iterable[Row]) -> bool:
    prices = [p["price"] for p in products if p["category"] == product["category"] and p["price"]]
    return product["price"] < statistics.median(prices) - 1e-9


def order_oracle(sales: list[Row], returns: list[Row], as_of: datetime) -> dict[str, object]:
    orders, taken_back = first_lines(sales), first_lines(returns)
    off = {line["order_id"] for line in sales if line["discount"]}
    spent = dict.fromkeys(orders, 0.0)
    for line in sales:
        spent[line["order_id"]] += line["quantity"] * line["unit_price"] - (line["discount"] or 0)
    value = [[spent[o] for o in orders if (o in off) == discounted] for discounted in (True, False)]
    recent = {o for o, at in orders.items() if as_of - at <= HALF_A_YEAR}
    older = set(orders) - recent
    back_n = sum(as_of - at <= HALF_A_YEAR for at in taken_back.values())
    rate = over(back_n, len(recent))
    return {
        "sensitivity_discount_order_share": len(off) / len(orders),
        "sensitivity_discount_change": minus(over(len(off & recent), len(recent)), over(len(off & older), len(older))),
        "sensitivity_full_price_orders_n": sum(all(at > orders[o] for o in off) for at in orders.values()),
        "sensitivity_discount_order_value": over(*map(statistics.fmean, value)) if all(value) else None,
        "sensitivity_return_rate_180d": rate,
        "sensitivity_return_rate_change": minus(rate, over(len(taken_back) - back_n, len(older))),
    }


def complaint_oracle(feedback: list[Row], as_of: datetime) -> dict[str, object]:
    limit = {"nps": 6, "csat": 2, "review": 2}
    young = [row for row in feedback if as_of - row["at"] <= timedelta(days=365)]
    bad = [r for r in young if r["kind"] == "ticket" or (r["score"] is not None and r["score"] <= limit[r["kind"]])]
    topics = ("price", "quality", "delivery", "service")
    return {f"sensitivity_{t}_complaints_365d_n": sum(row["topic"] == t for row in bad) for t in topics}


@pytest.fixture(scope="module")
def priced(world: Frames) -> Frames:
    """The world with list prices, and discounts of all depths on some lines of more than a unit's price."""
    prices = [None if n % 6 == 0 else 0.0 if n == 1 else 3.0 + n % 4 for n in range(30)]
    deep = pl.when(pl.col("unit_price") > 5).then(pl.col("discount") * (1 + pl.col("unit_price") * 7 % 400))
    orders = world["orders"].with_columns(discount=deep.round(2).fill_null(pl.col("discount")))
    return world | {"orders": orders, "products": world["products"].with_columns(price=pl.Series(prices))}


@pytest.mark.parametrize("as_of", MOMENTS)
def test_sensitivity_is_what_the_till_says(priced: Frames, as_of: datetime) -> None:
    products = {row["product_id"]: row for row in priced["products"].iter_rows(named=True)}
    lines, feedback = (by_customer(known_rows(priced, table, as_of)) for table in ("orders", "feedback"))
    found = features_of("sensitivity", priced, as_of)
    names = [name for name in found if name.startswith("sensitivity_")]
    assert found[names].notna().any().all()

    def oracle(customer: str) -> dict[str, object]:
        sales, returns = ([r for r in lines[customer] if r["kind"] == kind] for kind in ("sale", "return"))
        till = line_oracle(sales, products) | order_oracle(sales, returns, as_of)
        return till | complaint_oracle(feedback.get(customer, []), as_of)

    check(found, "sensitivity", oracle, money=MONEY)


def bought(*lines: tuple[str, int, float, float | None]) -> Row:
    """Features of a customer who bought single units: (order, days ago, unit price, discount)."""
    names = {"order_id": pl.String, "days": pl.Int64, "unit_price": pl.Float64, "discount": pl.Float64}
    orders = pl.DataFrame(lines, schema=names, orient="row").with_columns(
        customer_id=pl.lit("a"),
        at=pl.lit(AS_OF) - pl.duration(days=pl.col("days")),
        quantity=pl.lit(1.0),
        kind=pl.lit("sale"),
    )
    return features_of("sensitivity", {"orders": orders.drop("days")}, AS_OF).loc["a"].to_dict()


def test_a_discount_of_exactly_a_fifth_is_deep() -> None:
    assert bought(("o", 3, 10.0, 2.0))["sensitivity_deep_spend_share"] == 1
    assert bought(("o", 3, 10.0, 1.99))["sensitivity_deep_spend_share"] == 0


def test_full_price_orders_are_counted_since_the_last_discount() -> None:
    assert bought(("a", 9, 1.0, None), ("b", 8, 1.0, 0.0))["sensitivity_full_price_orders_n"] == 2
    discounted = ("c", 5, 1.0, 0.1), ("c", 5, 1.0, None), ("d", 5, 1.0, None), ("e", 1, 1.0, None)
    assert bought(("a", 9, 1.0, None), *discounted)["sensitivity_full_price_orders_n"] == 1


def test_without_discounts_nothing_is_said_of_their_depth() -> None:
    found = bought(("a", 9, 1.0, None))
    for name in ("discount_depth", "deep_spend_share", "stockpiling", "discount_order_value", "discount_change"):
        assert found[f"sensitivity_{name}"] != found[f"sensitivity_{name}"], name
    assert found["sensitivity_discount_line_share"] == 0


def test_what_a_missing_table_would_tell_is_null() -> None:
    found = bought(("a", 9, 1.0, None))
    absent = [n for n in families()["sensitivity"].COLUMNS if any(w in n for w in ("complaints", "level", "cheap"))]
    assert len(absent) == 6
    assert all(found[name] != found[name] for name in absent)
