"""The journey family against loops over each customer's events, orders and visits."""

import statistics
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.features.alike import assert_alike
from tests.features.plain import MOMENTS, Frames, Row, by_customer, check, days_since, features_of, known_rows

AS_OF = datetime(2022, 1, 17, 10, 30)
DAY = timedelta(days=1)


def order_moments(lines: list[Row]) -> list[datetime]:
    first: dict[object, datetime] = {}
    for line in lines:
        if line["kind"] == "sale":
            first[line["order_id"]] = min(line["at"], first.get(line["order_id"], line["at"]))
    return sorted(first.values())


def stage(events: list[Row]) -> str | None:
    newest = max((event["at"] for event in events), default=None)
    kinds = {event["kind"] for event in events if event["at"] >= newest - 14 * DAY}
    if kinds & {"add_to_cart", "remove_from_cart", "checkout"}:
        return "decision"
    return "consideration" if "product_view" in kinds else "awareness" if kinds & {"page_view", "search"} else None


def product_oracle(events: list[Row], sold: dict[str, list[datetime]], as_of: datetime) -> dict[str, object]:
    seen: dict[str, list[datetime]] = {}
    for event in events:
        if event["kind"] == "product_view" and event["product_id"]:
            seen.setdefault(event["product_id"], []).append(event["at"])
    unbought = [max(at) for product, at in seen.items() if not any(s >= max(at) for s in sold.get(product, []))]
    waits = [min(sold[p]) - min(at) for p, at in seen.items() if p in sold and min(sold[p]) >= min(at)]
    return {
        **{f"journey_unbought_{w}d_n": sum(at >= as_of - w * DAY for at in unbought) for w in (30, 90)},
        "journey_view_to_purchase_days": statistics.median(wait.days for wait in waits) if waits else None,
    }


def cart_oracle(
    events: list[Row], orders: list[datetime], prices: dict[str, float], as_of: datetime
) -> dict[str, object]:
    checkouts = [event["at"] for event in events if event["kind"] == "checkout"]
    emptied = max([*orders, *checkouts], default=datetime.min)
    since = [event for event in events if event["at"] > emptied]
    items: dict[str | None, int] = {}
    for event in since:
        step = {"add_to_cart": 1, "remove_from_cart": -1}.get(event["kind"], 0)
        items[event["product_id"]] = items.get(event["product_id"], 0) + step
    cart = {product: n for product, n in items.items() if n > 0}
    values = [n * prices[product] for product, n in cart.items() if prices.get(product) is not None]
    added = [e["at"] for e in since if e["kind"] == "add_to_cart" and e["product_id"] in cart]
    return {
        "journey_cart_items_n": sum(cart.values()),
        "journey_cart_value": sum(values) if values else None,
        "journey_cart_age_days": days_since(min(added), as_of) if added else None,
    }


def visit_oracle(
    events: list[Row], orders: list[datetime], sold: dict[str, list[datetime]], as_of: datetime
) -> dict[str, object]:
    visits: dict[object, list[Row]] = {}
    for event in events:
        if event["at"] >= as_of - 90 * DAY:
            visits.setdefault(event["session_id"] or event["at"].date(), []).append(event)

    def followed(steps: list[Row]) -> bool:
        return any(step["at"] <= order <= step["at"] + DAY for step in steps for order in orders)

    def over(steps: list[Row]) -> bool:
        return max(step["at"] for step in steps) < as_of - DAY

    def of_kind(kind: str) -> list[list[Row]]:
        found = [[event for event in visit if event["kind"] == kind] for visit in visits.values()]
        return [steps for steps in found if steps]

    carts, checkouts = of_kind("add_to_cart"), of_kind("checkout")
    left = [steps for steps in carts if not followed(steps) and over(steps)]
    back = [s for s in left if any(sale >= step["at"] for step in s for sale in sold.get(step["product_id"], []))]
    ordered_n, converted_n = sum(map(followed, carts)), sum(map(followed, visits.values()))
    ended_n = sum(followed(visit) or over(visit) for visit in visits.values())
    later = [event for event in events if not orders or event["at"] > orders[-1]]
    return {
        "journey_abandoned_90d_n": len(left),
        "journey_abandoned_share": len(left) / (len(left) + ordered_n) if left or ordered_n else None,
        "journey_recovered_90d_n": len(back),
        "journey_checkout_drops_90d_n": sum(not followed(steps) and over(steps) for steps in checkouts),
        "journey_conversion_share": converted_n / ended_n if ended_n else None,
        "journey_visits_since_order_n": len({event["session_id"] or event["at"].date() for event in later}),
    }


def doubt_oracle(events: list[Row], as_of: datetime) -> dict[str, object]:
    pages = {name: f"page:{name}" for name in ("price", "returns", "delivery")}
    views = {
        name: [e["at"] for e in events if e["kind"] == "page_view" and e["feature"] == page]
        for name, page in pages.items()
    }
    helped = [event["at"] for event in events if event["kind"] == "help"]
    barriers = [at for moments in (*views.values(), helped) for at in moments]
    searches = [event["at"] for event in events if event["kind"] == "search"]
    return {
        **{f"journey_{name}_views_90d_n": sum(at >= as_of - 90 * DAY for at in m) for name, m in views.items()},
        "journey_help_90d_n": sum(at >= as_of - 90 * DAY for at in helped),
        "journey_barriers_30d_n": sum(at >= as_of - 30 * DAY for at in barriers),
        "journey_searches_30d_n": sum(at >= as_of - 30 * DAY for at in searches),
    }


@pytest.fixture(scope="module")
def priced(world: Frames) -> Frames:
    """The world whose products have prices, some of them unknown."""
    prices = [None if n % 4 == 0 else 1.25 * n for n in range(world["products"].height)]
    return world | {"products": world["products"].with_columns(price=pl.Series(prices))}


@pytest.mark.parametrize("as_of", MOMENTS)
def test_the_journey_is_what_the_log_says(priced: Frames, as_of: datetime) -> None:
    events = by_customer(known_rows(priced, "events", as_of))
    lines = by_customer(known_rows(priced, "orders", as_of))
    prices = dict(priced["products"].select("product_id", "price").iter_rows())

    def oracle(customer: str) -> dict[str, object]:
        own, bought = events.get(customer, []), lines.get(customer, [])
        sold: dict[str, list[datetime]] = {}
        for line in bought:
            if line["kind"] == "sale":
                sold.setdefault(line["product_id"], []).append(line["at"])
        sold.pop(None, None)
        orders = order_moments(bought)
        found = product_oracle(own, sold, as_of) | cart_oracle(own, orders, prices, as_of)
        found |= visit_oracle(own, orders, sold, as_of) | doubt_oracle(own, as_of)
        found |= {"journey_stage": stage(own)}
        return found if own else found | {"journey_visits_since_order_n": 0}

    found = features_of("journey", priced, as_of)
    assert (found[["journey_abandoned_90d_n", "journey_recovered_90d_n", "journey_cart_value"]] > 0).any().all()
    check(found, "journey", oracle)


def test_engines_agree_on_the_journey(priced: Frames, tmp_path: Path) -> None:
    assert_alike("journey", priced, tmp_path, AS_OF)


def walked(*events: tuple[float, str, str | None], orders: tuple[tuple[float, str], ...] = ()) -> dict[str, object]:
    """Features of a customer whose events are (days before AS_OF, kind, product) and orders (days before, product)."""
    rows = [
        {"customer_id": "a", "at": AS_OF - age * DAY, "kind": kind, "session_id": f"s{int(age)}", "product_id": product}
        for age, kind, product in events
    ]
    sales = [
        {"order_id": f"o{age}", "customer_id": "a", "at": AS_OF - age * DAY, "product_id": product, "kind": "sale"}
        for age, product in (*orders, (600.0, "old"))
    ]
    schema = dict.fromkeys(("customer_id", "kind", "session_id", "product_id"), pl.String) | {"at": pl.Datetime("us")}
    frames = {
        "events": pl.DataFrame(rows, schema=schema),
        "orders": pl.DataFrame(sales).with_columns(quantity=1.0, unit_price=1.0),
        "products": pl.DataFrame({"product_id": ["p", "q", "free"], "price": [2.5, None, 0.0]}),
    }
    return features_of("journey", frames, AS_OF).loc["a"].to_dict()


def null(value: object) -> bool:
    return value is None or value != value


def test_an_emptied_cart_is_empty() -> None:
    found = walked((3, "add_to_cart", "p"), (2, "remove_from_cart", "p"), (1, "remove_from_cart", "q"))
    assert found["journey_cart_items_n"] == 0
    assert null(found["journey_cart_value"])
    assert null(found["journey_cart_age_days"])


def test_an_order_or_a_checkout_empties_the_cart() -> None:
    added = [(3.0, "add_to_cart", "p"), (1.0, "add_to_cart", "p"), (1.0, "add_to_cart", "q")]
    assert walked(*added)["journey_cart_items_n"] == 3
    for found in (walked(*added, orders=((2, "z"),)), walked(*added, (2, "checkout", None))):
        assert found["journey_cart_items_n"] == 2
        assert found["journey_cart_value"] == 2.5  # what q costs is not known
        assert found["journey_cart_age_days"] == 1


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        (["login", "help", "feature_use"], None),
        (["login", "search"], "awareness"),
        (["page_view", "product_view"], "consideration"),
        (["product_view", "remove_from_cart"], "decision"),
    ],
)
def test_the_furthest_step_names_the_stage(kinds: list[str], stage: str | None) -> None:
    found = walked(*[(100.0 + n, kind, None) for n, kind in enumerate(kinds)], (115.0, "checkout", None))
    assert found["journey_stage"] == stage if stage else null(found["journey_stage"])


def test_a_cart_is_abandoned_a_day_after_without_an_order() -> None:
    added = (5.0, "add_to_cart", "p")
    assert walked(added)["journey_abandoned_90d_n"] == 1
    assert walked(added, orders=((4.0, "z"),))["journey_abandoned_90d_n"] == 0  # exactly 24 hours
    assert walked(added, orders=((4.0 - 1e-6, "z"),))["journey_abandoned_90d_n"] == 1
    assert walked(added, orders=((5.0 + 1e-6, "z"),))["journey_abandoned_90d_n"] == 1  # the order came before
    assert walked((0.9, "add_to_cart", "p"))["journey_abandoned_90d_n"] == 0  # it may still be ordered
    assert walked((95, "add_to_cart", "p"))["journey_abandoned_90d_n"] == 0


def test_a_cart_is_recovered_by_its_own_product() -> None:
    added = (5.0, "add_to_cart", "p")
    assert walked(added, orders=((2.0, "p"),))["journey_recovered_90d_n"] == 1
    assert walked(added, orders=((2.0, "z"),))["journey_recovered_90d_n"] == 0
    assert walked(added, orders=((4.5, "p"),))["journey_recovered_90d_n"] == 0  # that is no abandoned cart


def test_a_checkout_without_an_order_is_a_drop() -> None:
    visit = [(5.0, "product_view", "p"), (5.0, "checkout", None)]
    assert walked(*visit)["journey_checkout_drops_90d_n"] == 1
    found = walked(*visit, (30.0, "search", None), orders=((4.9, "p"),))
    assert found["journey_checkout_drops_90d_n"] == 0
    assert found["journey_conversion_share"] == 0.5


def test_the_wait_counts_from_the_first_view_to_the_first_purchase() -> None:
    views = [(9.5, "product_view", "p"), (5, "product_view", "p"), (9, "product_view", "q"), (8, "product_view", "old")]
    assert walked(*views, orders=((4.0, "p"), (1.0, "p")))["journey_view_to_purchase_days"] == 5
    found = walked(*views)
    assert null(found["journey_view_to_purchase_days"])
    assert found["journey_unbought_30d_n"] == 3


def test_without_products_only_the_value_of_the_cart_is_null(priced: Frames) -> None:
    bare = features_of("journey", {name: table for name, table in priced.items() if name != "products"}, AS_OF)
    full = features_of("journey", priced, AS_OF)
    names = [name for name in full.columns if name.startswith("journey_") and name != "journey_cart_value"]
    assert bare["journey_cart_value"].isna().all()
    assert bare[names].equals(full[names])
