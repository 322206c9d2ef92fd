"""Churn: a customer who bought lately orders nothing within the horizon."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from models.sample import Positive
from models.tasks._labels import buyers

NAME = "churn"
POSITIVE: Positive = "lapses"
HORIZON_DAYS = 30.0
MISSING_LABEL = 1.0

# Whoever has been away longer has lapsed already; asking whether they will is not a question a shop can act on.
ACTIVE_DAYS = 90.0
reason_not_eligible = f"no order in the last {ACTIVE_DAYS:.0f} days: already lapsed"


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - the window before does not depend on the one after
    """Customers whose last order is at most ``ACTIVE_DAYS`` old."""
    return nw.col("purchase_recency_days") <= ACTIVE_DAYS


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """0.0 for everyone who bought within the horizon; the others lapsed and get ``MISSING_LABEL``."""
    return buyers(tables, as_of, horizon_days, label=0.0)
