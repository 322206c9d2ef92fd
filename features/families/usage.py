"""Use of the product: how often, how deeply, how broadly, features mastered, and whether it grows."""

import narwhals as nw

from features.exact import count_if, distinct_n, entropy, entropy_term, per, ratio, rows_n, sum_if, whole
from features.families._favourites import favourites
from features.past import Past
from features.windows import Frame

NEEDS = ("events",)

WINDOWS_DAYS = (7, 30, 90)
MASTERY_DAYS = 3
HEAVY_DAYS, MODERATE_DAYS = 12, 4
"""Active days of the last 30: about three a week, about one a week."""
MILLISECONDS_A_MINUTE = 60_000

_SESSION = "a session_id, else a day (UTC) with events that have none"

COLUMNS: dict[str, str] = {
    "usage_recency_days": "Days from the last event to as_of; null if none.",
    "usage_tenure_days": "Days from the first event to as_of; null if none.",
    **{f"usage_sessions_{w}d_n": f"Sessions in the last {w} days: {_SESSION}; 0 if none." for w in WINDOWS_DAYS},
    **{f"usage_active_{w}d_n": f"Days (UTC) with an event in the last {w} days; 0 if none." for w in WINDOWS_DAYS},
    "usage_stickiness": "Active days of the last 7 over those of the last 30, 0 to 1; null if none in 30 days.",
    "usage_trend": "(active days of the last 30 + 1) / (of the 30 before + 1); 1 is steady; null if no event ever.",
    "usage_intensity": f"heavy (active on {HEAVY_DAYS} or more of the last 30 days), moderate ({MODERATE_DAYS} or "
    "more), light (1 or more), dormant; null if no event ever.",
    "usage_depth": "Feature uses per session in the last 90 days; null if no session.",
    "usage_features_n": "Distinct features ever used; 0 if none.",
    "usage_features_30d_n": "Distinct features used in the last 30 days; 0 if none.",
    "usage_new_features_30d_n": "Features first used in the last 30 days; 0 if none.",
    "usage_feature_entropy": "Shannon entropy of uses over features, nats; null if no named feature was used.",
    "usage_top_feature": "The feature used most, of equals the alphabetically first; null as above.",
    "usage_top_feature_share": "Its share of the uses of named features, 0 to 1; null as above.",
    "usage_mastered_n": f"Features used on at least {MASTERY_DAYS} days (UTC); 0 if none.",
    "usage_mastery_share": "usage_mastered_n over usage_features_n, 0 to 1; null if no named feature was used.",
    "usage_logins_30d_n": "Logins in the last 30 days; 0 if none.",
    "usage_help_rate": "Help requests per session in the last 90 days; null if no session.",
    "usage_minutes_30d": "Minutes spent in the last 30 days, of events with a duration; 0 if none has one.",
    "usage_minutes_mean": "Minutes per session in the last 90 days; null if no session or no event with a duration.",
}
TEXT = ("usage_intensity", "usage_top_feature")
ZERO_IF_NONE = (*(name for name in COLUMNS if name.endswith("_n")), "usage_minutes_30d")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with an event: customer_id and COLUMNS."""
    events = past.tables["events"].with_columns(
        age=as_of - nw.col("at_days"), day=nw.col("at_days").floor(), spent_ms=whole(nw.col("duration_s") * 1000)
    )
    joined = _activity(past.visits, as_of)
    for part in (events.group_by("customer_id").agg(*_within_90d()), _features(events)):
        joined = joined.join(part, on="customer_id", how="left")
    return _ratios(joined).select("customer_id", *COLUMNS)


def _activity(visits: Frame, as_of: float) -> Frame:
    """One row a customer with an event: visits and active days, counted over days of visits instead of events."""
    age, day, session = nw.col("age"), nw.col("day"), nw.col("session_id")
    lone_day = nw.when(session.is_null()).then(day)
    # Of a visit's events of one day the last decides whether one was within the last days.
    aged = visits.with_columns(age=as_of - nw.col("last_at_days"), first_age=as_of - nw.col("first_at_days"))
    return aged.group_by("customer_id").agg(
        age.min().alias("usage_recency_days"),
        nw.col("first_age").max().alias("usage_tenure_days"),
        *(distinct_n(nw.when(age <= w).then(session)).alias(f"visits_{w}d_n") for w in WINDOWS_DAYS),
        *(distinct_n(nw.when(age <= w).then(lone_day)).alias(f"lone_days_{w}d_n") for w in WINDOWS_DAYS),
        *(distinct_n(nw.when(age <= w).then(day)).alias(f"usage_active_{w}d_n") for w in WINDOWS_DAYS),
        distinct_n(nw.when((nw.col("first_age") > 30) & (age <= 60)).then(day)).alias("active_before_n"),
    )


def _within_90d() -> list[nw.Expr]:
    age, kind, spent_ms = nw.col("age"), nw.col("kind"), nw.col("spent_ms")
    return [
        count_if((age <= 90) & (kind == "feature_use")).alias("uses_90d_n"),
        count_if((age <= 90) & (kind == "help")).alias("helps_90d_n"),
        count_if((age <= 30) & (kind == "login")).alias("usage_logins_30d_n"),
        count_if((age <= 90) & ~spent_ms.is_null()).alias("timed_90d_n"),
        sum_if(age <= 90, spent_ms).alias("ms_90d"),
        sum_if(age <= 30, spent_ms).alias("ms_30d"),
    ]


def _features(events: Frame) -> Frame:
    """One row a customer who used a named feature."""
    uses = events.filter((nw.col("kind") == "feature_use") & ~nw.col("feature").is_null())
    counts = uses.group_by("customer_id", "feature").agg(
        rows_n().alias("n"),
        distinct_n(nw.col("day")).alias("days_n"),
        nw.col("age").min().alias("newest_age"),
        nw.col("age").max().alias("oldest_age"),
    )
    return favourites(
        counts,
        "feature",
        "usage_top_feature",
        entropy_term(nw.col("n")).sum().alias("terms"),
        count_if(nw.col("days_n") >= MASTERY_DAYS).alias("usage_mastered_n"),
        count_if(nw.col("newest_age") <= 30).alias("usage_features_30d_n"),
        count_if(nw.col("oldest_age") <= 30).alias("usage_new_features_30d_n"),
    )


def _ratios(sums: Frame) -> Frame:
    active_30d, total = nw.col("usage_active_30d_n"), nw.col("usage_top_feature_total_n")
    sessions_90d = nw.col("visits_90d_n") + nw.col("lone_days_90d_n")
    levels = nw.col("usage_top_feature_levels_n")
    intensity = nw.when(active_30d >= 1).then(nw.lit("light")).otherwise(nw.lit("dormant"))
    intensity = nw.when(active_30d >= MODERATE_DAYS).then(nw.lit("moderate")).otherwise(intensity)
    return sums.with_columns(
        **{f"usage_sessions_{w}d_n": nw.col(f"visits_{w}d_n") + nw.col(f"lone_days_{w}d_n") for w in WINDOWS_DAYS},
        usage_stickiness=ratio(nw.col("usage_active_7d_n"), active_30d),
        usage_trend=(active_30d + 1) / (nw.col("active_before_n") + 1),
        usage_intensity=nw.when(active_30d >= HEAVY_DAYS).then(nw.lit("heavy")).otherwise(intensity),
        usage_depth=ratio(nw.col("uses_90d_n"), sessions_90d),
        usage_features_n=levels.fill_null(0.0),
        usage_feature_entropy=entropy(nw.col("terms"), total),
        usage_top_feature_share=ratio(nw.col("usage_top_feature_rows_n"), total),
        usage_mastery_share=ratio(nw.col("usage_mastered_n"), levels),
        usage_help_rate=ratio(nw.col("helps_90d_n"), sessions_90d),
        usage_minutes_30d=per(nw.col("ms_30d"), MILLISECONDS_A_MINUTE),
        usage_minutes_mean=nw.when(nw.col("timed_90d_n") > 0).then(
            nw.col("ms_90d") / (sessions_90d * MILLISECONDS_A_MINUTE)
        ),
    )
