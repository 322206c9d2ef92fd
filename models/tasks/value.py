"""Value: what a customer spends within the horizon, minus returns."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from features.exact import TICKS, per
from features.past import order_lines
from features.windows import future
from models.tasks import NO_ORDER_YET
from models.tasks._orders import has_ordered

TARGET = "amount"
OUTCOME = "net_spend"
UNIT = "currency"
HAPPENS = "spends within {days:g} days"
MISSING_LABEL = 0.0
REASON_NOT_ELIGIBLE = NO_ORDER_YET


def eligible(horizon_days: float) -> nw.Expr:  # noqa: ARG001 - everyone who ever bought may buy again
    """Whether the customer has an order in the past."""
    return has_ordered()


def label(tables: Tables, as_of: float, horizon_days: float) -> nw.LazyFrame[Any]:
    """Sales minus returns within the horizon, in the shop's currency; 0 where the returns are larger."""
    lines = order_lines(future(tables["orders"], as_of, horizon_days))
    sign = nw.when(nw.col("kind") == "return").then(-1.0).otherwise(1.0)
    net = lines.with_columns(net=nw.col("amount_ticks") * sign).group_by("customer_id").agg(nw.col("net").sum())
    positive = nw.when(nw.col("net") > 0.0).then(nw.col("net")).otherwise(0.0)
    return net.select("customer_id", label=per(positive, TICKS))
