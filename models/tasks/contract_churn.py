"""Contractual churn: a customer whose contract runs has none left within the horizon."""

from typing import Any

import narwhals as nw

from features.engines import Tables

OUTCOME = "cancels"
HAPPENS = "ends the last contract within {days:g} days"
LABELLED_BY = ("subscriptions", "ended_at")
MISSING_LABEL = 0.0
REASON_NOT_ELIGIBLE = "no contract runs at this date"


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - the same for every horizon
    """Whether a contract runs at the date."""
    return nw.col("loyalty_subscribed") == 1.0


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """1.0 for customers with a contract that ends within the horizon, and none that runs at the end of it.

    As finally known. A change of plan (one contract ends, another runs) is no churn; a contract that ended within the
    horizon and was renewed later is.
    """
    end = as_of + horizon_days
    known = tables["subscriptions"]
    if "replaced_at_days" in known.collect_schema().names():
        known = known.filter(nw.col("replaced_at_days").is_null())
    ended, started = nw.col("ended_at_days"), nw.col("at_days")
    leaves = (started < end) & (ended >= as_of) & (ended < end)
    stays = (started < end) & (ended.is_null() | (ended >= end))
    remaining = known.filter(stays).select("customer_id").unique()
    gone = known.filter(leaves).select("customer_id").unique().join(remaining, on="customer_id", how="anti")
    return gone.with_columns(label=nw.lit(1.0))
