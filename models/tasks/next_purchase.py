"""Next purchase: a customer orders within the horizon."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from models.sample import Positive
from models.tasks._labels import buyers

NAME = "next_purchase"
POSITIVE: Positive = "buys"
HORIZON_DAYS = 30.0
MISSING_LABEL = 0.0
reason_not_eligible = "no order before this date: nothing to learn from yet"


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - everyone who ever bought may buy again
    """Every customer with an order in the past."""
    return nw.col("purchase_recency_days") >= 0.0


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """1.0 for everyone who bought within the horizon; the others get ``MISSING_LABEL``."""
    return buyers(tables, as_of, horizon_days, label=1.0)
