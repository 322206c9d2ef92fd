"""The loyalty programme: points earned, spent and left, and the tier."""

import narwhals as nw

from features.exact import MICRO, per, ratio, sum_if, whole
from features.past import Past
from features.windows import Frame

NEEDS = ("loyalty",)

RECENT_DAYS = 365

COLUMNS: dict[str, str] = {
    "points_balance": "Points earned minus points spent, ever; 0 if none.",
    "points_earned_365d": f"Points earned in the last {RECENT_DAYS} days; 0 if none.",
    "points_spent_share": "Points spent over points earned, ever; above 1 if earning is not all on record, null if "
    "none was earned.",
    "points_recency_days": "Days from the last points earned or spent to as_of; null if none.",
    "points_spent_days": "Days from the last points spent to as_of; null if none.",
    "points_tier": "The tier stated last, of equals the alphabetically first; null if none.",
    "points_tier_days": "Days since it was stated; null if none.",
}
TEXT = ("points_tier",)
ZERO_IF_NONE = ("points_balance", "points_earned_365d")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer in the loyalty programme: customer_id and COLUMNS."""
    age, kind = as_of - nw.col("at_days"), nw.col("kind")
    stated_age = nw.when(~nw.col("tier").is_null()).then(age).min().over("customer_id")
    rows = past.tables["loyalty"].with_columns(
        age=age, micro=whole(nw.col("points") * MICRO).fill_null(0.0), stated_age=stated_age
    )
    age, micro = nw.col("age"), nw.col("micro")
    sums = rows.group_by("customer_id").agg(
        sum_if(kind == "earn", micro).alias("earned"),
        sum_if(kind == "spend", micro).alias("spent"),
        sum_if((kind == "earn") & (age <= RECENT_DAYS), micro).alias("earned_recently"),
        nw.when(kind != "tier").then(age).min().alias("points_recency_days"),
        nw.when(kind == "spend").then(age).min().alias("points_spent_days"),
        nw.when(age == nw.col("stated_age")).then(nw.col("tier")).min().alias("points_tier"),
        nw.col("stated_age").min().alias("points_tier_days"),
    )
    return sums.with_columns(
        points_balance=per(nw.col("earned") - nw.col("spent"), MICRO),
        points_earned_365d=per(nw.col("earned_recently"), MICRO),
        points_spent_share=ratio(nw.col("spent"), nw.col("earned")),
    ).select("customer_id", *COLUMNS)
