"""Recency, frequency and spend: how recently, how often, how much, and whether it grows."""

import narwhals as nw

from features.exact import TICKS, count_if, per, ratio, rows_n, sum_if
from features.past import Past
from features.windows import Frame

NEEDS = ("orders",)

ORDER_WINDOWS_DAYS = (14, 30, 60, 90, 180, 365)
SPEND_WINDOWS_DAYS = (30, 90, 365)

COLUMNS: dict[str, str] = {
    "purchase_recency_days": "Days from the last sale to as_of; never null.",
    "purchase_tenure_days": "Days from the first sale to as_of; never null.",
    "purchase_orders_n": "Sale orders ever, at least 1; never null.",
    "purchase_days_n": "Distinct days (UTC) with a sale, at least 1; never null.",
    "purchase_spend": "Money of all sales after discounts, returns not subtracted, currency; never null.",
    "purchase_order_value_mean": "Mean spend per order, currency; never null.",
    "purchase_day_rate": "Purchase days over tenure + 30 days, a day; the 30 keep it small for newcomers; never null.",
    **{f"purchase_orders_{w}d_n": f"Sale orders in the {w} days before as_of; 0 if none." for w in ORDER_WINDOWS_DAYS},
    **{f"purchase_spend_{w}d": f"Spend in the {w} days before as_of, currency; 0 if none." for w in SPEND_WINDOWS_DAYS},
    "purchase_orders_trend": "(orders of the last 90 days + 1) / (of the 90 days before + 1); 1 is steady; never null.",
    "purchase_spend_trend": "Spend of the last 90 days as a share of the last 180; null if nothing was paid in them.",
}


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    orders = past.orders.with_columns(age=as_of - nw.col("at_days"), since=as_of - nw.col("last_at_days"))
    sums = orders.group_by("customer_id").agg(
        nw.col("since").min().alias("purchase_recency_days"),
        nw.col("age").max().alias("purchase_tenure_days"),
        rows_n().alias("purchase_orders_n"),
        nw.col("amount_ticks").sum().alias("ticks"),
        *(count_if(nw.col("age") <= w).alias(f"purchase_orders_{w}d_n") for w in ORDER_WINDOWS_DAYS),
        *(sum_if(nw.col("age") <= w, nw.col("amount_ticks")).alias(f"ticks_{w}d") for w in (*SPEND_WINDOWS_DAYS, 180)),
    )
    days = past.days.group_by("customer_id").agg(rows_n().alias("purchase_days_n"))
    return _ratios(sums.join(days, on="customer_id")).select("customer_id", *COLUMNS)


def _ratios(sums: Frame) -> Frame:
    orders_n = nw.col("purchase_orders_n")
    recent = nw.col("purchase_orders_90d_n")
    return sums.with_columns(
        purchase_spend=per(nw.col("ticks"), TICKS),
        purchase_order_value_mean=nw.col("ticks") / (orders_n * TICKS),
        purchase_day_rate=nw.col("purchase_days_n") / (nw.col("purchase_tenure_days") + 30),
        purchase_orders_trend=(recent + 1) / (nw.col("purchase_orders_180d_n") - recent + 1),
        purchase_spend_trend=ratio(nw.col("ticks_90d"), nw.col("ticks_180d")),
        **{f"purchase_spend_{w}d": per(nw.col(f"ticks_{w}d"), TICKS) for w in SPEND_WINDOWS_DAYS},
    )
