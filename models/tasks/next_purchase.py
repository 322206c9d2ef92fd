"""Next purchase: when a customer orders again."""

import math
from typing import Any

import narwhals as nw

from features.engines import Tables
from models.tasks import NO_ORDER_YET
from models.tasks._orders import future_sales, has_ordered

TARGET = "curve"
OUTCOME = "next_order"
HAPPENS = "orders within {days:g} days"
MISSING_LABEL = math.inf
REASON_NOT_ELIGIBLE = NO_ORDER_YET


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - everyone who ever bought may buy again
    """Whether the customer has an order in the past."""
    return has_ordered()


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """Days from ``as_of`` to the first order within the horizon; the others get ``MISSING_LABEL``, infinity."""
    sales = future_sales(tables, as_of, horizon_days)
    return sales.group_by("customer_id").agg((nw.col("at_days").min() - as_of).alias("label"))
