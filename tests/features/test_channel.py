"""The channel family against counting by hand."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from features.families import families
from tests.features.alike import assert_alike
from tests.features.plain import MOMENTS, Frames, Row, by_customer, check, features_of, known_rows

AS_OF = datetime(2022, 1, 17, 10, 30)
RESPONSES = {"open", "click", "like", "share", "comment", "attend"}
PARTS = ["night", "morning", "afternoon", "evening"]


def favourite(levels: Iterable[object], order: list[str] | None = None) -> tuple[object, float | None, int]:
    """The most frequent level (of equals the first in ``order``), its share, and how many levels there are."""
    counts = Counter(level for level in levels if level is not None)
    if not counts:
        return None, None, 0
    most = [
        level for level in sorted(counts, key=order.index if order else None) if counts[level] == max(counts.values())
    ]
    return most[0], counts[most[0]] / counts.total(), len(counts)


def purchase_oracle(lines: list[Row]) -> dict[str, object]:
    sales = [line for line in lines if line["kind"] == "sale" and line["channel"]]
    pairs = {(line["order_id"], line["channel"]) for line in sales}
    name, share, levels = favourite(channel for _, channel in pairs)
    newest = max((line["at"] for line in sales), default=None)
    return {
        "channel_purchase": name,
        "channel_purchase_share": share,
        "channel_purchase_levels_n": levels,
        "channel_last_purchase": min((line["channel"] for line in sales if line["at"] == newest), default=None),
        "channel_digital_share": sum(channel == "web" for _, channel in pairs) / len(pairs) if pairs else None,
    }


def response_oracle(touches: list[Row], events: list[Row]) -> dict[str, object]:
    answers = [touch for touch in touches if touch["kind"] in RESPONSES]
    contact, contact_share, contacts_n = favourite(answer["channel"] for answer in answers)
    device, device_share, _ = favourite(event["channel"] for event in events)
    days = [datetime(2024, 1, 1 + n).strftime("%A") for n in range(7)]
    weekend = [answer["at"].isoweekday() > 5 for answer in answers]
    return {
        "channel_contact": contact,
        "channel_contact_share": contact_share,
        "channel_contact_levels_n": contacts_n,
        "channel_device": device,
        "channel_device_share": device_share,
        "channel_response_part": favourite((PARTS[answer["at"].hour // 6] for answer in answers), PARTS)[0],
        "channel_response_day": favourite((answer["at"].strftime("%A") for answer in answers), days)[0],
        "channel_response_weekend_share": sum(weekend) / len(weekend) if weekend else None,
        "channel_event_evening_share": sum(e["at"].hour >= 18 for e in events) / len(events) if events else None,
    }


@pytest.mark.parametrize("as_of", MOMENTS)
def test_channels_are_what_counting_says(world: Frames, as_of: datetime) -> None:
    lines, touches, events = (by_customer(known_rows(world, name, as_of)) for name in ("orders", "touches", "events"))
    check(
        features_of("channel", world, as_of),
        "channel",
        lambda who: purchase_oracle(lines[who]) | response_oracle(touches.get(who, []), events.get(who, [])),
    )


def test_engines_agree_on_channels(world: Frames, tmp_path: Path) -> None:
    assert_alike("channel", world, tmp_path, AS_OF)


def test_without_touches_and_events_only_purchases_have_channels(world: Frames) -> None:
    bare = features_of("channel", {"orders": world["orders"]}, AS_OF)
    full = features_of("channel", {name: world[name] for name in ("orders", "touches", "events")}, AS_OF)
    own = [name for name in families()["channel"].COLUMNS if "purchase" in name or "digital" in name]
    others = [name for name in families()["channel"].COLUMNS if name not in own]
    assert bare[own].equals(full[own])
    assert bare[others].drop(columns="channel_contact_levels_n").isna().all(axis=None)


def ordered(*orders: tuple[float, str | None]) -> dict[str, object]:
    """Features of a customer who ordered (days before AS_OF, channel)."""
    rows = [
        {"order_id": f"o{n}", "customer_id": "a", "at": AS_OF - timedelta(days=age), "channel": channel}
        for n, (age, channel) in enumerate(orders)
    ]
    lines = pl.DataFrame(rows, schema_overrides={"channel": pl.String})
    return features_of(
        "channel", {"orders": lines.with_columns(quantity=1.0, unit_price=1.0, kind=pl.lit("sale"))}, AS_OF
    ).loc["a"]


def test_equal_channels_are_told_by_the_alphabet() -> None:
    found = ordered((9, "web"), (8, "store"), (7, "web"), (6, "store"), (5, None))
    assert (found["channel_purchase"], found["channel_purchase_share"]) == ("store", 0.5)
    assert found["channel_last_purchase"] == "store"


def test_digital_is_read_whatever_the_case() -> None:
    assert ordered((9, "Web"), (8, "APP"), (7, "Store"), (6, None))["channel_digital_share"] == pytest.approx(2 / 3)


def test_unknown_channels_are_null() -> None:
    found = ordered((9, None))
    assert found["channel_purchase_levels_n"] == 0
    assert found[["channel_purchase", "channel_purchase_share", "channel_digital_share"]].isna().all()


@pytest.mark.parametrize(
    ("moment", "part"),
    [("05:59:59.999999", "night"), ("06:00", "morning"), ("17:59:59.999999", "afternoon"), ("18:00", "evening")],
)
def test_parts_of_the_day_begin_on_the_microsecond(moment: str, part: str) -> None:
    at = datetime.fromisoformat(f"2022-01-15 {moment}")  # a Saturday
    touches = pl.DataFrame({"customer_id": ["a"], "at": [at], "channel": ["sms"], "kind": ["click"]})
    orders = pl.DataFrame({"order_id": ["o"], "customer_id": ["a"], "at": [at], "quantity": [1.0], "unit_price": [1.0]})
    found = features_of("channel", {"orders": orders.with_columns(kind=pl.lit("sale")), "touches": touches}, AS_OF).loc[
        "a"
    ]
    assert found["channel_response_part"] == part
    assert found["channel_response_day"] == "Saturday"
    assert found["channel_response_weekend_share"] == 1
