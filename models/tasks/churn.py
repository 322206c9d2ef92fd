"""Churn: a customer who bought lately orders nothing within the horizon."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from models.tasks._orders import future_sales

OUTCOME = "lapses"
HAPPENS = "orders nothing within {days:g} days"
MISSING_LABEL = 1.0

# Customers who have been away longer have lapsed already: a prediction would come too late to act on.
ACTIVE_DAYS = 90.0
REASON_NOT_ELIGIBLE = f"no order in the last {ACTIVE_DAYS:.0f} days: already lapsed"


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - the same for every horizon
    """Whether the last order is at most ``ACTIVE_DAYS`` old."""
    return nw.col("purchase_recency_days") <= ACTIVE_DAYS


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """0.0 for customers who bought within the horizon; the others churned and get ``MISSING_LABEL``, 1.0."""
    return future_sales(tables, as_of, horizon_days).select("customer_id").unique().with_columns(label=nw.lit(0.0))
