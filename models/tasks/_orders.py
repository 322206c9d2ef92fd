"""What tasks about orders share: order lines of the future, and who is asked."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from features.windows import future

NO_ORDER_YET = "no order before this date: nothing to learn from yet"


def has_ordered() -> nw.Expr:
    """Every customer with an order in the past."""
    return nw.col("purchase_recency_days") >= 0.0


def future_sales(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """Sale lines in ``[as_of, as_of + horizon_days)``, as finally known."""
    return future(tables["orders"], as_of, horizon_days).filter(nw.col("kind") == "sale")
