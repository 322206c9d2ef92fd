"""Shared by the tasks about orders: the future's sales, and who is eligible."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from features.windows import future


def has_ordered() -> nw.Expr:
    """Whether the customer has an order before the date."""
    return nw.col("purchase_recency_days") >= 0.0


def future_sales(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """Sale lines in ``[as_of, as_of + horizon_days)``, with all corrections known today."""
    return future(tables["orders"], as_of, horizon_days).filter(nw.col("kind") == "sale")
