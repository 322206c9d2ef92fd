"""What the shop earns with them: money of sales less what the units cost it."""

import narwhals as nw

from features.exact import TICKS, count_if, per, ratio, sum_if, ticks
from features.past import Past
from features.windows import Frame

NEEDS = ("orders", "products", "products.unit_cost")

RECENT_DAYS = 365

COLUMNS: dict[str, str] = {
    "margin_365d": f"Money of the sale lines of the last {RECENT_DAYS} days after discounts less their cost, "
    "of lines whose cost is known, currency; null if none.",
    "margin_share": "That margin of all sale lines ever over their money; below 0 at a loss, null if nothing was paid "
    "for lines with a known cost.",
}


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer who bought something with a known cost: customer_id and COLUMNS."""
    costs = past.tables["products"].select("product_id", "unit_cost").filter(~nw.col("unit_cost").is_null())
    lines = past.sales.join(costs, on="product_id").with_columns(
        cost_ticks=ticks(nw.col("quantity") * nw.col("unit_cost")), recent=as_of - nw.col("at_days") <= RECENT_DAYS
    )
    earned = nw.col("amount_ticks") - nw.col("cost_ticks")
    sums = (
        lines.with_columns(earned=earned)
        .group_by("customer_id")
        .agg(
            nw.col("earned", "amount_ticks").sum(),
            sum_if(nw.col("recent"), nw.col("earned")).alias("earned_recently"),
            count_if(nw.col("recent")).alias("recent_n"),
        )
    )
    recently = nw.when(nw.col("recent_n") > 0).then(nw.col("earned_recently"))
    return sums.with_columns(
        margin_365d=per(recently, TICKS), margin_share=ratio(nw.col("earned"), nw.col("amount_ticks"))
    ).select("customer_id", *COLUMNS)
