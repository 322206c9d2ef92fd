"""The usage family against loops over each customer's events."""

import math
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from features.families import families
from tests.features.alike import assert_alike
from tests.features.plain import MOMENTS, Frames, Row, by_customer, check, days_since, features_of, known_rows

AS_OF = datetime(2022, 1, 17, 10, 30)


def sessions(events: list[Row]) -> set[object]:
    return {event["session_id"] or event["at"].date() for event in events}


def days(events: list[Row]) -> set[object]:
    return {event["at"].date() for event in events}


def intensity(events: list[Row], active_n: int) -> str | None:
    if not events:
        return None
    return "heavy" if active_n >= 12 else "moderate" if active_n >= 4 else "light" if active_n else "dormant"


def feature_oracle(events: list[Row], since: datetime) -> dict[str, object]:
    uses = [event for event in events if event["kind"] == "feature_use" and event["feature"]]
    times = Counter(event["feature"] for event in uses)
    entropy = -sum(n / len(uses) * math.log(n / len(uses)) for n in times.values())
    top = min((name for name in times if times[name] == max(times.values())), default=None)
    of = {name: [event for event in uses if event["feature"] == name] for name in times}
    mastered = [name for name in of if len(days(of[name])) >= 3]
    return {
        "usage_features_n": len(times),
        "usage_features_30d_n": len({event["feature"] for event in uses if event["at"] >= since}),
        "usage_new_features_30d_n": sum(min(event["at"] for event in own) >= since for own in of.values()),
        "usage_feature_entropy": entropy if uses else None,
        "usage_top_feature": top,
        "usage_top_feature_share": times[top] / len(uses) if uses else None,
        "usage_mastered_n": len(mastered),
        "usage_mastery_share": len(mastered) / len(times) if uses else None,
    }


def usage_oracle(events: list[Row], as_of: datetime) -> dict[str, object]:
    last = {w: [e for e in events if e["at"] >= as_of - timedelta(days=w)] for w in (7, 30, 60, 90)}
    before = [event for event in last[60] if event not in last[30]]
    spent = {w: [e["duration_s"] for e in last[w] if e["duration_s"] is not None] for w in (30, 90)}
    kinds = {w: Counter(event["kind"] for event in last[w]) for w in (30, 90)}
    visits_n, active_n = len(sessions(last[90])), len(days(last[30]))
    return feature_oracle(events, as_of - timedelta(days=30)) | {
        "usage_recency_days": days_since(max(e["at"] for e in events), as_of) if events else None,
        "usage_tenure_days": days_since(min(e["at"] for e in events), as_of) if events else None,
        **{f"usage_sessions_{w}d_n": len(sessions(last[w])) for w in (7, 30, 90)},
        **{f"usage_active_{w}d_n": len(days(last[w])) for w in (7, 30, 90)},
        "usage_stickiness": len(days(last[7])) / active_n if active_n else None,
        "usage_trend": (active_n + 1) / (len(days(before)) + 1) if events else None,
        "usage_intensity": intensity(events, active_n),
        "usage_depth": kinds[90]["feature_use"] / visits_n if visits_n else None,
        "usage_logins_30d_n": kinds[30]["login"],
        "usage_help_rate": kinds[90]["help"] / visits_n if visits_n else None,
        "usage_minutes_30d": sum(spent[30]) / 60,
        "usage_minutes_mean": sum(spent[90]) / 60 / visits_n if spent[90] else None,
    }


@pytest.mark.parametrize("as_of", MOMENTS)
def test_usage_is_what_the_log_says(world: Frames, as_of: datetime) -> None:
    events = by_customer(known_rows(world, "events", as_of))
    found = features_of("usage", world, as_of)
    assert set(found["usage_intensity"].dropna()) >= {"light", "moderate", "dormant"}
    check(found, "usage", lambda customer: usage_oracle(events.get(customer, []), as_of))


def test_engines_agree_on_usage(world: Frames, tmp_path: Path) -> None:
    assert_alike("usage", world, tmp_path, AS_OF)


def used(*events: tuple[float, str, str | None, str | None]) -> dict[str, object]:
    """Features of a customer whose events are (days before AS_OF, kind, session_id, feature)."""
    rows = [
        {"customer_id": "a", "at": AS_OF - timedelta(days=age), "kind": kind, "session_id": session, "feature": feature}
        for age, kind, session, feature in events
    ]
    schema = dict.fromkeys(("customer_id", "kind", "session_id", "feature"), pl.String) | {"at": pl.Datetime("us")}
    return features_of("usage", {"events": pl.DataFrame(rows, schema=schema)}, AS_OF).loc["a"].to_dict()


def test_events_without_a_session_make_one_session_a_day() -> None:
    found = used((3, "login", None, None), (3.1, "help", None, None), (5, "login", None, None), (5, "help", "s", None))
    assert found["usage_sessions_7d_n"] == 3
    assert found["usage_active_7d_n"] == 2
    assert found["usage_help_rate"] == pytest.approx(2 / 3)


def test_one_session_over_midnight_is_one_session_and_two_days() -> None:
    found = used((1.4375, "login", "s", None), (1.5, "help", "s", None))  # 00:00 and 22:30 the day before
    assert (found["usage_sessions_30d_n"], found["usage_active_30d_n"]) == (1, 2)


@pytest.mark.parametrize(
    ("active_n", "intensity"), [(1, "light"), (3, "light"), (4, "moderate"), (11, "moderate"), (12, "heavy")]
)
def test_intensity_follows_active_days(active_n: int, intensity: str) -> None:
    events = [(1.0 + day, "login", None, None) for day in range(active_n) for _ in range(3)]
    assert used(*events)["usage_intensity"] == intensity


@pytest.mark.parametrize("session", ["s", None])
def test_a_window_holds_its_first_moment(session: str | None) -> None:
    for age, n in ((7, 1), (7 + 1e-6, 0)):
        found = used((age, "login", session, None))
        assert (found["usage_sessions_7d_n"], found["usage_active_7d_n"]) == (n, n)


def test_a_day_on_the_border_of_two_windows_is_active_in_both() -> None:
    found = used((30.0625, "login", "s", None), (29.9375, "login", "s", None))  # 09:00 and 12:00; the border is 10:30
    assert (found["usage_active_30d_n"], found["usage_trend"]) == (1, (1 + 1) / (1 + 1))


def test_a_page_is_no_feature_and_three_uses_on_a_day_are_no_mastery() -> None:
    events = [(2.0, "feature_use", "s", "search")] * 3 + [(d, "feature_use", "s", "export") for d in (2.0, 40.0, 41.0)]
    found = used(*events, (1, "page_view", "s", "page:price"))
    assert (found["usage_features_n"], found["usage_mastered_n"]) == (2, 1)
    assert found["usage_new_features_30d_n"] == 1
    assert found["usage_top_feature"] == "export"  # as often as search, alphabetically first


def test_no_event_is_null_where_something_would_be_measured() -> None:
    found = used((100, "login", None, None))
    assert found["usage_intensity"] == "dormant"
    nulls = {name for name, value in found.items() if value is None or value != value}
    assert not nulls & {*families()["usage"].ZERO_IF_NONE, "usage_recency_days", "usage_trend"}
    assert nulls >= {
        "usage_stickiness",
        "usage_depth",
        "usage_top_feature",
        "usage_mastery_share",
        "usage_minutes_mean",
    }
