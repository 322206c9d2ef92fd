"""Whether they stay: status by fixed rules, repurchase, streaks, breadth, satisfaction, referrals and contracts."""

import math

import narwhals as nw

from features.exact import TICKS, count_if, per, ratio, rows_n, sum_if, ticks, whole
from features.past import Past
from features.windows import Frame

NEEDS = ()

BLOCK_DAYS = 30
REBUY_DAYS = 90

COLUMNS: dict[str, str] = {
    "loyalty_status": "new (first purchase day at most 90 days ago), else disloyal (silent for more than 180 days "
    "and three of their mean gaps, if any), else loyal (4 or more purchase days, gaps' deviation at most their mean, "
    "silent for at most two mean gaps), else occasional; never null.",
    "loyalty_rebuy_share": "Of purchase days 90 or more days old, the share followed by another within 90 days; "
    "null if none is that old.",
    "loyalty_product_rebuy_share": "Share of the products bought that were bought in two or more orders; "
    "null if no line names one.",
    "loyalty_active_share": "Of the 30-day blocks from as_of back to the first purchase, the share with one, above 0; "
    "never null.",
    "loyalty_streak_n": "Longest run of such blocks with a purchase, blocks; at least 1, never null.",
    "loyalty_streak_now_n": "The run that reaches the present block, blocks; 0 if the last 30 days have no purchase.",
    "loyalty_category_share": "Share of all categories in products that were bought; null if none is known.",
    "loyalty_new_category_share": "Of categories bought in the last 90 days, the share never bought before; "
    "null if none was.",
    "loyalty_satisfaction": "Mean of NPS (0 to 10) and satisfaction (1 to 5) scores of 365 days, each brought to 0..1; "
    "null if none.",
    "loyalty_shares_365d_n": "Times a campaign was shared in the 365 days before as_of; 0 if none.",
    "loyalty_subscribed": "1 if a contract runs at as_of, else 0.",
    "loyalty_contract_price": "Price of one period of all running contracts, currency; null if none has a price.",
    "loyalty_contract_tenure_days": "Days from the start of the first contract to as_of; null if none.",
    "loyalty_renewal_days": "Days from as_of to the next renewal of a running contract; null if none lies ahead.",
    "loyalty_contracts_ended_n": "Contracts that ended before as_of; 0 if none.",
    "loyalty_contract_ended_days": "Days from the last end of a contract to as_of; null if none.",
}

TEXT = ("loyalty_status",)

USES = {
    "orders": (
        "loyalty_status",
        "loyalty_rebuy_share",
        "loyalty_product_rebuy_share",
        "loyalty_active_share",
        "loyalty_streak_n",
        "loyalty_streak_now_n",
        "loyalty_category_share",
        "loyalty_new_category_share",
    ),
    "products": ("loyalty_category_share", "loyalty_new_category_share"),
    "feedback": ("loyalty_satisfaction",),
    "touches": ("loyalty_shares_365d_n",),
    "subscriptions": tuple(name for name in COLUMNS if "contract" in name or "renewal" in name or "subscribed" in name),
}
ZERO_IF_NONE = ("loyalty_shares_365d_n", "loyalty_subscribed", "loyalty_contracts_ended_n")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer: customer_id and COLUMNS; those about purchases are null without a sale."""
    joined = past.who.join(_rhythm(past.days, math.floor(as_of)), on="customer_id", how="left")
    joined = joined.join(_products(past.products), on="customer_id", how="left")
    for part in (_breadth, _satisfaction, _shares, _contracts):
        joined = joined.join(part(past, as_of), on="customer_id", how="left")
    return joined.select("customer_id", *COLUMNS)


def _rhythm(days: Frame, today: int) -> Frame:
    """Status, rebuying and streaks. A run is what purchase days without an empty 30-day block between them make up."""
    age, before = today - nw.col("day"), nw.col("before")
    block, block_before = (per(x, BLOCK_DAYS).floor() for x in (age, today - before))
    days = days.with_columns(
        age=age,
        gap=nw.col("day") - before,
        opens=nw.when(block_before == block).then(0.0).otherwise(1.0),
        skipped=nw.when(block_before - block > 1).then(1.0).otherwise(0.0),
    )
    days = days.with_columns(run=nw.col("skipped").cum_sum().over("customer_id", order_by="day"))
    runs = days.group_by("customer_id", "run").agg(*_sums_of_a_run())
    return _status(runs.group_by("customer_id").agg(*_sums_of_runs()))


def _sums_of_a_run() -> list[nw.Expr]:
    gap, age = nw.col("gap"), nw.col("age")
    return [
        rows_n().alias("days_n"),
        gap.count().cast(nw.Float64).alias("gaps_n"),
        gap.sum().alias("gaps_sum"),
        (gap * gap).sum().alias("squares_sum"),
        age.min().alias("silence"),
        age.max().alias("first_age"),
        nw.col("opens").sum().alias("blocks_n"),
        count_if(age >= REBUY_DAYS).alias("old_n"),
        # The purchase day before is old enough, and this one followed in time.
        count_if((age + gap >= REBUY_DAYS) & (gap <= REBUY_DAYS)).alias("rebuys_n"),
    ]


def _sums_of_runs() -> list[nw.Expr]:
    blocks_n = nw.col("blocks_n")
    return [
        nw.col("days_n", "gaps_n", "gaps_sum", "squares_sum", "old_n", "rebuys_n").sum(),
        nw.col("silence").min(),
        nw.col("first_age").max(),
        blocks_n.max().alias("loyalty_streak_n"),
        sum_if(nw.col("silence") < BLOCK_DAYS, blocks_n).alias("loyalty_streak_now_n"),
        blocks_n.sum(),
    ]


def _status(sums: Frame) -> Frame:
    gaps_n, total, silence = nw.col("gaps_n"), nw.col("gaps_sum"), nw.col("silence")
    # Compared without a division: the silence with multiples of the mean gap, the variance with the squared mean.
    lapsed = (silence > 180) & ((silence * gaps_n > 3 * total) | (gaps_n == 0))
    regular = (gaps_n >= 3) & (gaps_n * nw.col("squares_sum") <= 2 * total * total)
    loyal = regular & (silence * gaps_n <= 2 * total)
    status = nw.when(loyal).then(nw.lit("loyal")).otherwise(nw.lit("occasional"))
    status = nw.when(lapsed).then(nw.lit("disloyal")).otherwise(status)
    return sums.with_columns(
        loyalty_status=nw.when(nw.col("first_age") <= 90).then(nw.lit("new")).otherwise(status),
        loyalty_rebuy_share=ratio(nw.col("rebuys_n"), nw.col("old_n")),
        loyalty_active_share=nw.col("blocks_n") / (per(nw.col("first_age"), BLOCK_DAYS).floor() + 1),
    )


def _products(products: Frame) -> Frame:
    again_n = count_if(nw.col("orders_n") >= 2)
    return products.group_by("customer_id").agg((again_n / rows_n()).alias("loyalty_product_rebuy_share"))


def _breadth(past: Past, as_of: float) -> Frame:
    named = past.tables["products"].filter(~nw.col("category").is_null())
    shop = named.select(all_n=nw.col("category").n_unique().cast(nw.Float64))
    recent = as_of - nw.col("last_at_days") <= 90
    bought = past.categories.group_by("customer_id").agg(
        rows_n().alias("bought_n"),
        count_if(recent).alias("recent_n"),
        count_if(as_of - nw.col("first_at_days") <= 90).alias("new_n"),
    )
    everybody = past.who.join(bought, on="customer_id", how="left").join(shop, how="cross")
    return everybody.select(
        "customer_id",
        loyalty_category_share=ratio(nw.col("bought_n").fill_null(0.0), nw.col("all_n")),
        loyalty_new_category_share=ratio(nw.col("new_n"), nw.col("recent_n")),
    )


def _satisfaction(past: Past, as_of: float) -> Frame:
    kind, score = nw.col("kind"), nw.col("score")
    # As 40,000ths, in which both scales (0 to 10 and 1 to 5) are whole numbers.
    of_csat = nw.when(kind == "csat").then(whole((score - 1) * 10_000))
    points = nw.when(kind == "nps").then(whole(score * 4000)).otherwise(of_csat)
    recent = past.tables["feedback"].filter(as_of - nw.col("at_days") <= 365).with_columns(points=points)
    return recent.group_by("customer_id").agg(
        ratio(nw.col("points").sum(), nw.col("points").count() * 40_000).alias("loyalty_satisfaction")
    )


def _shares(past: Past, as_of: float) -> Frame:
    shared = (nw.col("kind") == "share") & (as_of - nw.col("at_days") <= 365)
    return past.tables["touches"].group_by("customer_id").agg(count_if(shared).alias("loyalty_shares_365d_n"))


def _contracts(past: Past, as_of: float) -> Frame:
    ended, ahead = nw.col("ended_at_days"), nw.col("renews_at_days") - as_of
    runs = ended.is_null()
    price = nw.when(runs).then(ticks(nw.col("price")))
    contracts = past.tables["subscriptions"].with_columns(price_ticks=price)
    sums = contracts.group_by("customer_id").agg(
        count_if(runs).alias("running_n"),
        nw.col("price_ticks").sum().alias("price_sum"),
        nw.col("price_ticks").count().alias("priced_n"),
        (as_of - nw.col("at_days")).max().alias("loyalty_contract_tenure_days"),
        nw.when(runs & (ahead >= 0)).then(ahead).min().alias("loyalty_renewal_days"),
        count_if(~runs).alias("loyalty_contracts_ended_n"),
        (as_of - ended).min().alias("loyalty_contract_ended_days"),
    )
    return sums.select(
        "customer_id",
        *(name for name in USES["subscriptions"] if name not in ("loyalty_subscribed", "loyalty_contract_price")),
        loyalty_subscribed=nw.when(nw.col("running_n") > 0).then(1.0).otherwise(0.0),
        loyalty_contract_price=nw.when(nw.col("priced_n") > 0).then(per(nw.col("price_sum"), TICKS)),
    )
