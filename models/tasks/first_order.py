"""First order: a person without an order (a lead, a subscriber, a visitor) buys for the first time."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from models.tasks._orders import future_sales

WHO = "known"
OUTCOME = "first_order"
HAPPENS = "orders for the first time within {days:g} days"
MISSING_LABEL = 0.0
REASON_NOT_ELIGIBLE = "has ordered before: a first order lies behind them"


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - the same for every horizon
    """Whether the person has no order in the past."""
    return nw.col("purchase_recency_days").is_null()


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """1.0 for everybody who orders within the horizon; the others get ``MISSING_LABEL``, 0.0."""
    return future_sales(tables, as_of, horizon_days).select("customer_id").unique().with_columns(label=nw.lit(1.0))
