"""Where and when to reach them: the channels they buy through and respond on, and at which hours and days (UTC)."""

import narwhals as nw

from features.exact import count_if, per, ratio, rows_n, sum_if
from features.families._clock import hour, weekday
from features.families._favourites import favourites
from features.past import Past
from features.windows import Frame

NEEDS = ("orders",)

DIGITAL = ("web", "website", "online", "internet", "app", "mobile", "marketplace", "email", "social")
"""Channels of orders that count as digital, in lower case."""
RESPONSES = ("open", "click", "like", "share", "comment", "attend")
PARTS = ("night", "morning", "afternoon", "evening")
"""Six hours each, from 00:00 UTC."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

COLUMNS: dict[str, str] = {
    "channel_purchase": "The channel of most sale orders, of equals the alphabetically first; null if none is known.",
    "channel_purchase_share": "Its share of the orders whose channel is known, 0 to 1; null as above.",
    "channel_purchase_levels_n": "Distinct channels ordered through; 0 if none is known.",
    "channel_last_purchase": "The channel of the last order that has one, of equals the alphabetically first; null as "
    "channel_purchase.",
    "channel_digital_share": "Share of orders through a digital channel (web, app, ...) among those whose channel is "
    "known, 0 to 1; null as channel_purchase.",
    "channel_contact": "The channel of most responses to campaigns (opens, clicks, social reactions, events attended), "
    "of equals the alphabetically first; null if none.",
    "channel_contact_share": "Its share of these responses, 0 to 1; null if none.",
    "channel_contact_levels_n": "Distinct channels responded on; 0 if none.",
    "channel_device": "The channel (web, app, ...) of most events, of equals the alphabetically first; null if none is "
    "known.",
    "channel_device_share": "Its share of the events whose channel is known, 0 to 1; null as channel_device.",
    "channel_response_part": "The six hours (UTC) of most responses: night (from 00:00), morning, afternoon or "
    "evening; of equals the earliest; null if no response.",
    "channel_response_day": "The weekday (UTC) of most responses, of equals the first from Monday; null if none.",
    "channel_response_weekend_share": "Share of responses on Saturday or Sunday (UTC), 0 to 1; null if none.",
    "channel_event_evening_share": "Share of events from 18:00 UTC; null if no event.",
}
TEXT = (
    "channel_purchase",
    "channel_last_purchase",
    "channel_contact",
    "channel_device",
    "channel_response_part",
    "channel_response_day",
)
USES = {
    "touches": tuple(name for name in COLUMNS if name.startswith(("channel_contact", "channel_response"))),
    "events": tuple(name for name in COLUMNS if name.startswith(("channel_device", "channel_event"))),
}
ZERO_IF_NONE = ("channel_purchase_levels_n", "channel_contact_levels_n")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    del as_of  # Habits count at any age.
    joined = past.who
    for habits in (_purchases(past.sales), _responses(past.tables["touches"]), _devices(past.tables["events"])):
        joined = joined.join(habits, on="customer_id", how="left")
    return joined.select("customer_id", *COLUMNS)


def _purchases(sales: Frame) -> Frame:
    """One row a customer with an order whose channel is known."""
    named = sales.filter(~nw.col("channel").is_null())
    counts = named.group_by("customer_id", "channel").agg(
        nw.col("order_id").n_unique().cast(nw.Float64).alias("n"), nw.col("at_days").max().alias("last_at")
    )
    last_at, lower = nw.col("last_at"), nw.col("channel").str.to_lowercase()
    counts = counts.with_columns(newest_at=last_at.max().over("customer_id"))
    habits = favourites(
        counts,
        "channel",
        "channel_purchase",
        sum_if(lower.is_in(DIGITAL), nw.col("n")).alias("digital_n"),
        nw.when(last_at == nw.col("newest_at")).then(nw.col("channel")).min().alias("channel_last_purchase"),
    )
    total = nw.col("channel_purchase_total_n")
    return habits.with_columns(
        channel_purchase_share=nw.col("channel_purchase_rows_n") / total,
        channel_digital_share=nw.col("digital_n") / total,
    )


def _responses(touches: Frame) -> Frame:
    """One row a customer who responded to a campaign."""
    answered = touches.filter(nw.col("kind").is_in(RESPONSES))
    at = nw.col("at_days")
    timed = answered.with_columns(part=per(hour(at), 6).floor(), weekday=weekday(at))
    counts = timed.group_by("customer_id", "channel").agg(
        rows_n().alias("n"),
        *(count_if(nw.col("part") == n).alias(part) for n, part in enumerate(PARTS)),
        *(count_if(nw.col("weekday") == n).alias(day) for n, day in enumerate(WEEKDAYS)),
    )
    habits = favourites(counts, "channel", "channel_contact", nw.col(*PARTS, *WEEKDAYS).sum())
    total = nw.col("channel_contact_total_n")
    return habits.with_columns(
        channel_contact_share=nw.col("channel_contact_rows_n") / total,
        channel_response_part=_most(PARTS),
        channel_response_day=_most(WEEKDAYS),
        channel_response_weekend_share=(nw.col("Saturday") + nw.col("Sunday")) / total,
    )


def _devices(events: Frame) -> Frame:
    """One row a customer with an event."""
    timed = events.with_columns(hour=hour(nw.col("at_days")))
    counts = timed.group_by("customer_id", "channel").agg(
        # Events without a channel count for the time of day only.
        count_if(~nw.col("channel").is_null()).alias("n"),
        rows_n().alias("events_n"),
        count_if(nw.col("hour") >= 18).alias("evening_n"),
    )
    habits = favourites(counts, "channel", "channel_device", nw.col("events_n", "evening_n").sum())
    return habits.with_columns(
        channel_device_share=ratio(nw.col("channel_device_rows_n"), nw.col("channel_device_total_n")),
        channel_event_evening_share=nw.col("evening_n") / nw.col("events_n"),
    )


def _most(names: tuple[str, ...]) -> nw.Expr:
    """The name of the largest of these columns; of equals the first."""
    most = nw.max_horizontal(*names)
    found: nw.Expr = nw.lit(names[-1])
    for name in reversed(names[:-1]):
        found = nw.when(nw.col(name) == most).then(nw.lit(name)).otherwise(found)
    return found
