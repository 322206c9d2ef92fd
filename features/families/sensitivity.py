"""What they react to: discounts and price levels, complaints by topic, and returns."""

import narwhals as nw

from features.exact import count_if, ratio, rows_n, sum_if, ticks
from features.families.feedback import is_low
from features.past import Past
from features.windows import Frame

NEEDS = ("orders",)

TOPICS = ("price", "quality", "delivery", "service")

COLUMNS: dict[str, str] = {
    "sensitivity_discount_line_share": "Share of sale lines with a discount; never null.",
    "sensitivity_discount_order_share": "Share of orders with a discounted line; never null.",
    "sensitivity_discount_spend_share": "Share of discounted lines in the money before discounts; null if that is 0.",
    "sensitivity_discount_depth": "Discounts over money before discounts, of discounted lines, 0 to 1; null if none.",
    "sensitivity_deep_spend_share": "Of that money on discounted lines, the share at 20 % off or more; null as above.",
    "sensitivity_discount_change": "Share of discounted orders in the last 180 days minus that before, -1 to 1; "
    "null if either has no order.",
    "sensitivity_full_price_orders_n": "Orders after the last one with a discount, all if none had one; never null.",
    "sensitivity_discount_order_value": "Mean spend of discounted orders over that of the others; null without either.",
    "sensitivity_stockpiling": "Mean units of discounted lines over mean units of the others; null without either.",
    "sensitivity_price_level": "Money before discounts over the same units at list price; null if none is known.",
    "sensitivity_cheap_spend_share": "Of money before discounts on products with list price and category, the share "
    "listed below their category's median; null if there is none.",
    **{
        f"sensitivity_{topic}_complaints_365d_n": f"Tickets and low scores about {topic} in the 365 days before as_of "
        "(low as in feedback_low_share); 0 if none."
        for topic in TOPICS
    },
    "sensitivity_return_rate_180d": "Return orders over sale orders, both of the last 180 days; null without a sale.",
    "sensitivity_return_rate_change": "That rate minus the same of the time before; null if either has no sale order.",
}

_COMPLAINTS = tuple(name for name in COLUMNS if "complaints" in name)
USES = {"feedback": _COMPLAINTS, "products": ("sensitivity_price_level", "sensitivity_cheap_spend_share")}
ZERO_IF_NONE = _COMPLAINTS


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    lines = _with_list_prices(past.sales, past.tables["products"])
    joined = _orders(past.orders, as_of).join(_money(lines), on="customer_id")
    for part in (_returns(past.returns, as_of), _complaints(past.tables["feedback"], as_of)):
        joined = joined.join(part, on="customer_id", how="left")
    return _ratios(joined).select("customer_id", *COLUMNS)


def _orders(orders: Frame, as_of: float) -> Frame:
    discounted = nw.col("discount_ticks") > 0
    orders = orders.with_columns(
        discounted=discounted,
        recent=as_of - nw.col("at_days") <= 180,
        last_discounted=nw.when(discounted).then(nw.col("at_days")).max().over("customer_id"),
    )
    recent, off, spent = nw.col("recent"), nw.col("discounted"), nw.col("amount_ticks")
    since = nw.col("last_discounted").is_null() | (nw.col("at_days") > nw.col("last_discounted"))
    return orders.group_by("customer_id").agg(
        rows_n().alias("orders_n"),
        count_if(recent).alias("recent_n"),
        count_if(off).alias("discounted_n"),
        count_if(off & recent).alias("recent_discounted_n"),
        count_if(since).alias("sensitivity_full_price_orders_n"),
        sum_if(off, spent).alias("discounted_sum"),
        sum_if(~off, spent).alias("full_sum"),
    )


def _money(lines: Frame) -> Frame:
    """One row a customer: sums over sale lines with their list prices."""
    discount, units = nw.col("discount_ticks"), nw.col("units_milli")
    # Money before discounts: it is never below 0, as what is left of a line after a wrong discount may be.
    off, gross = discount > 0, nw.col("amount_ticks") + discount
    known, cheap = ~nw.col("list_ticks").is_null(), nw.col("cheap")
    values = {
        "lines_n": nw.col("quantity") * 0 + 1,
        "off_lines_n": off.cast(nw.Float64),
        "gross": gross,
        "off_sum": discount,
        "off_gross": nw.when(off).then(gross),
        # 20 % off, in whole numbers.
        "deep_gross": nw.when(off & (discount * 5 >= gross)).then(gross),
        "off_units": nw.when(off).then(units),
        "full_units": nw.when(~off).then(units),
        "listed_gross": nw.when(known).then(gross),
        "list_ticks_sum": nw.when(known).then(nw.col("list_ticks")),
        "cheap_gross": nw.when(cheap).then(gross),
        "compared_gross": nw.when(~cheap.is_null()).then(gross),
    }
    return lines.group_by("customer_id").agg(value.sum().alias(name) for name, value in values.items())


def _with_list_prices(lines: Frame, products: Frame) -> Frame:
    """Sale lines with ``list_ticks``, their units at list price, and if the product is ``cheap``; null if unknown."""
    listed = products.filter(nw.col("price") > 0).with_columns(price_ticks=ticks(nw.col("price")))
    grouped = listed.filter(~nw.col("category").is_null()).group_by("category")
    medians = grouped.agg(nw.col("price_ticks").median().alias("median_ticks"))
    prices = listed.join(medians, on="category", how="left").select(
        "product_id", "price", cheap=nw.col("price_ticks") < nw.col("median_ticks")
    )
    priced = lines.join(prices, on="product_id", how="left")
    return priced.with_columns(list_ticks=ticks(nw.col("quantity") * nw.col("price")))


def _returns(returns: Frame, as_of: float) -> Frame:
    orders = returns.group_by("customer_id", "order_id").agg(nw.col("at_days").min())
    return orders.group_by("customer_id").agg(
        rows_n().alias("returns_n"), count_if(as_of - nw.col("at_days") <= 180).alias("recent_returns_n")
    )


def _complaints(feedback: Frame, as_of: float) -> Frame:
    bad = (nw.col("kind") == "ticket") | is_low(nw.col("kind"), nw.col("score"))
    recent = bad & (as_of - nw.col("at_days") <= 365)
    return feedback.group_by("customer_id").agg(
        count_if(recent & (nw.col("topic") == topic)).alias(f"sensitivity_{topic}_complaints_365d_n")
        for topic in TOPICS
    )


def _ratios(sums: Frame) -> Frame:
    orders_n, recent_n, discounted_n = nw.col("orders_n"), nw.col("recent_n"), nw.col("discounted_n")
    earlier_n, full_n = orders_n - recent_n, orders_n - discounted_n
    lines_n, off_lines_n, off_gross = nw.col("lines_n"), nw.col("off_lines_n"), nw.col("off_gross")
    recent_returns_n = nw.col("recent_returns_n").fill_null(0.0)
    return_rate = ratio(recent_returns_n, recent_n)
    earlier_discounted_n = discounted_n - nw.col("recent_discounted_n")
    return sums.with_columns(
        sensitivity_discount_line_share=off_lines_n / lines_n,
        sensitivity_discount_order_share=discounted_n / orders_n,
        sensitivity_discount_spend_share=ratio(off_gross, nw.col("gross")),
        sensitivity_discount_depth=ratio(nw.col("off_sum"), off_gross),
        sensitivity_deep_spend_share=ratio(nw.col("deep_gross"), off_gross),
        sensitivity_discount_change=ratio(nw.col("recent_discounted_n"), recent_n)
        - ratio(earlier_discounted_n, earlier_n),
        sensitivity_discount_order_value=ratio(nw.col("discounted_sum") * full_n, nw.col("full_sum") * discounted_n),
        sensitivity_stockpiling=ratio(
            nw.col("off_units") * (lines_n - off_lines_n), nw.col("full_units") * off_lines_n
        ),
        sensitivity_price_level=ratio(nw.col("listed_gross"), nw.col("list_ticks_sum")),
        sensitivity_cheap_spend_share=ratio(nw.col("cheap_gross"), nw.col("compared_gross")),
        sensitivity_return_rate_180d=return_rate,
        sensitivity_return_rate_change=return_rate
        - ratio(nw.col("returns_n").fill_null(0.0) - recent_returns_n, earlier_n),
    )
