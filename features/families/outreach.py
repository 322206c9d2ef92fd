"""What it costs to reach them, and to get a response."""

import narwhals as nw

from features.exact import TICKS, count_if, per, ratio, ticks
from features.families.channel import RESPONSES
from features.past import Past
from features.windows import Frame

NEEDS = ("touches", "touches.cost")

COST_DAYS = 365

COLUMNS: dict[str, str] = {
    "outreach_cost_365d": f"Cost of the contacts of the last {COST_DAYS} days, currency; null if none has a cost.",
    "outreach_cost_per_response": "That cost over the responses of these days (opens, clicks, social reactions, events "
    "attended), currency; null if no response or no cost.",
}


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a contact of late: customer_id and COLUMNS."""
    touches = past.tables["touches"].filter(as_of - nw.col("at_days") <= COST_DAYS)
    priced = touches.with_columns(cost_ticks=ticks(nw.col("cost")))
    sums = priced.group_by("customer_id").agg(
        nw.col("cost_ticks").sum().alias("ticks_sum"),
        count_if(~nw.col("cost_ticks").is_null()).alias("priced_n"),
        count_if(nw.col("kind").is_in(RESPONSES)).alias("responses_n"),
    )
    spent = nw.when(nw.col("priced_n") > 0).then(nw.col("ticks_sum"))
    return sums.with_columns(
        outreach_cost_365d=per(spent, TICKS),
        outreach_cost_per_response=ratio(spent, nw.col("responses_n") * TICKS),
    ).select("customer_id", *COLUMNS)
