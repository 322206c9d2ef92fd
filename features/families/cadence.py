"""Rhythm: gaps between purchase days, their regularity, how overdue the next purchase is, and times of purchase."""

import math

import narwhals as nw

from features.exact import MICRO, count_if, per, ratio, rows_n, whole
from features.past import Past
from features.windows import Frame

NEEDS = ("orders",)

YEAR_DAYS = 365.2425
BLOCK_DAYS = 30

COLUMNS: dict[str, str] = {
    "cadence_gap_mean_days": "Mean whole days between consecutive purchase days; null below 2 purchase days.",
    "cadence_gap_median_days": "Median of those gaps, days; null below 2 purchase days.",
    "cadence_gap_last_days": "The latest of those gaps, days; null below 2 purchase days.",
    "cadence_gap_cv": "Standard deviation (n - 1) of the gaps over their mean; null below 3 purchase days.",
    "cadence_overdue_ratio": "Whole days since the last purchase day over the mean gap; null below 2 purchase days.",
    "cadence_longer_gap_share": "(gaps longer than the days since the last purchase + 1) / (gaps + 2), 0 to 1; "
    "0.5 without gaps, never null.",
    "cadence_due_30d_share": "Of the m gaps longer than the days since the last purchase, n ended within 30 more "
    "days: (n + 1) / (m + 2), 0 to 1; never null.",
    "cadence_second_last_days": "Whole days since the second last purchase day; null below 2.",
    "cadence_active_180d_n": "How many of the last six 30-day blocks have a purchase, 0 to 6; never null.",
    "cadence_momentum": "Purchase days, each weighted by 30 / (30 + its age in days); above 0, never null.",
    "cadence_weekend_share": "Share of purchase days on Saturday or Sunday (UTC), 0 to 1; never null.",
    "cadence_morning_share": "Share of orders before 12:00 UTC, 0 to 1; never null.",
    "cadence_evening_share": "Share of orders from 18:00 UTC, 0 to 1; never null.",
    "cadence_season_share": "Of purchase days older than 45, the share within 45 days of as_of's date; null if none.",
    "cadence_year_ago_30d_n": "Purchase days in the 30 days after as_of a year ago; null below 365 days of tenure.",
    "cadence_season_sin": "Sine of as_of's place in the year (0 at New Year); equal for all, never null.",
    "cadence_season_cos": "Cosine of as_of's place in the year (1 at New Year); equal for all, never null.",
}


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    days = _days(past.days, math.floor(as_of))
    habits = days.group_by("customer_id").agg(*_rhythm(), *_season())
    joined = habits.join(_hours(past.orders), on="customer_id")
    return _ratios(joined, as_of).select("customer_id", *COLUMNS)


def _days(days: Frame, today: int) -> Frame:
    """Purchase days with their age, the gap to the one before and ``silence``, days since the customer's last one."""
    age, before = today - nw.col("day"), nw.col("before")
    return days.with_columns(
        age=age,
        gap=nw.col("day") - before,
        block=per(age, BLOCK_DAYS).floor(),
        block_before=per(today - before, BLOCK_DAYS).floor(),
        silence=age.min().over("customer_id"),
        years=whole(per(age, YEAR_DAYS)),
        weekday=nw.col("day") + 3 - per(nw.col("day") + 3, 7).floor() * 7,
    )


def _rhythm() -> list[nw.Expr]:
    gap, age, silence = nw.col("gap"), nw.col("age"), nw.col("silence")
    return [
        rows_n().alias("days_n"),
        gap.count().cast(nw.Float64).alias("gaps_n"),
        gap.sum().alias("gaps_sum"),
        (gap * gap).sum().alias("gaps_square_sum"),
        silence.max().alias("silence"),
        age.max().alias("age_max"),
        gap.median().alias("cadence_gap_median_days"),
        nw.when(age == silence).then(gap).max().alias("cadence_gap_last_days"),
        count_if(gap > silence).alias("longer_n"),
        count_if((gap > silence) & (gap <= silence + 30)).alias("due_n"),
        _opens_recent_block().alias("cadence_active_180d_n"),
        whole(MICRO * 30.0 / (age + 30)).sum().alias("momentum_micro"),
    ]


def _opens_recent_block() -> nw.Expr:
    """How many of the last six 30-day blocks have a purchase: counts each block's first purchase day."""
    block, before = nw.col("block"), nw.col("block_before")
    return count_if((block < 6) & (before.is_null() | (before != block)))


def _season() -> list[nw.Expr]:
    age, years = nw.col("age"), nw.col("years")
    from_anniversary = (age - years * YEAR_DAYS).abs()
    return [
        count_if(age > 45).alias("older_n"),
        count_if((age > 45) & (from_anniversary <= 45)).alias("season_n"),
        count_if((age <= 365) & (age > 335)).alias("year_ago_n"),
        count_if(nw.col("weekday") >= 5).alias("weekend_n"),
    ]


def _hours(orders: Frame) -> Frame:
    at = nw.col("at_days")
    # Whole milliseconds: 12:00 is half a day exactly, but 18:00 and others would hang on the last bit.
    hour = per(whole((at - at.floor()) * 86_400_000), 3_600_000).floor()
    return (
        orders.with_columns(hour=hour)
        .group_by("customer_id")
        .agg(
            rows_n().alias("orders_n"),
            count_if(nw.col("hour") < 12).alias("morning_n"),
            count_if(nw.col("hour") >= 18).alias("evening_n"),
        )
    )


def _ratios(sums: Frame, as_of: float) -> Frame:
    days_n, gaps_n, total = nw.col("days_n"), nw.col("gaps_n"), nw.col("gaps_sum")
    variance = ratio(gaps_n * nw.col("gaps_square_sum") - total * total, gaps_n * (gaps_n - 1))
    season = 2 * math.pi * (as_of / YEAR_DAYS - math.floor(as_of / YEAR_DAYS))
    return sums.with_columns(
        cadence_gap_mean_days=ratio(total, gaps_n),
        cadence_gap_cv=ratio(variance.sqrt() * gaps_n, total),
        cadence_overdue_ratio=ratio(nw.col("silence") * gaps_n, total),
        cadence_second_last_days=nw.col("silence") + nw.col("cadence_gap_last_days"),
        cadence_longer_gap_share=(nw.col("longer_n") + 1) / (gaps_n + 2),
        cadence_due_30d_share=(nw.col("due_n") + 1) / (nw.col("longer_n") + 2),
        cadence_momentum=per(nw.col("momentum_micro"), MICRO),
        cadence_weekend_share=nw.col("weekend_n") / days_n,
        cadence_morning_share=nw.col("morning_n") / nw.col("orders_n"),
        cadence_evening_share=nw.col("evening_n") / nw.col("orders_n"),
        cadence_season_share=ratio(nw.col("season_n"), nw.col("older_n")),
        cadence_year_ago_30d_n=nw.when(nw.col("age_max") >= 365).then(nw.col("year_ago_n")),
        cadence_season_sin=nw.lit(math.sin(season)),
        cadence_season_cos=nw.lit(math.cos(season)),
    )
