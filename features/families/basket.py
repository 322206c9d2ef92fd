"""What is in the basket: its size, breadth of products and categories, repeats, discounts and returns."""

import narwhals as nw

from features.exact import TICKS, entropy, entropy_term, ratio, rows_n, sum_if
from features.past import Past
from features.windows import Frame

NEEDS = ("orders",)

COLUMNS: dict[str, str] = {
    "basket_lines_mean": "Mean lines per order; never null.",
    "basket_lines_last_n": "Lines of the last order; never null.",
    "basket_lines_90d_n": "Lines of the orders in the 90 days before as_of; 0 if none.",
    "basket_units_mean": "Mean units per order; never null.",
    "basket_unit_price_mean": "Spend per unit after discounts, currency; null if no unit was bought.",
    "basket_products_n": "Distinct products ever bought; 0 if no line names its product.",
    "basket_product_entropy": "Shannon entropy of sale lines over products, nats; null if no line names one.",
    "basket_product_repeat_share": "Share of (order, product) pairs that repeat an earlier product; null as above.",
    "basket_categories_n": "Distinct categories ever bought; null without a products table or a known category.",
    "basket_category_entropy": "Shannon entropy of sale lines over categories, nats; null as basket_categories_n.",
    "basket_discount_share": "Discounts over money before discounts, 0 to 1; null if nothing was charged.",
    "basket_returns_n": "Return orders ever; 0 if none.",
    "basket_return_share": "Money of returns over money of sales; above 1 if more came back; null if nothing was paid.",
    "basket_return_recency_days": "Days from the last return to as_of; null if none.",
}
USES = {"products": ("basket_categories_n", "basket_category_entropy")}
ZERO_IF_NONE = ("basket_products_n", "basket_returns_n")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    parts = (_products(past.products), _categories(past.categories), _returns(past.returns, as_of))
    age, lines_n = as_of - nw.col("at_days"), nw.col("lines_n")
    orders = past.orders.with_columns(age=age, newest_age=age.min().over("customer_id"))
    joined = orders.group_by("customer_id").agg(
        rows_n().alias("orders_n"),
        nw.col("lines_n", "units_milli", "amount_ticks", "discount_ticks").sum(),
        sum_if(nw.col("age") <= 90, lines_n).alias("basket_lines_90d_n"),
        # Orders at the same moment count as one: engines would not agree on which of them is the last.
        sum_if(nw.col("age") == nw.col("newest_age"), lines_n).alias("basket_lines_last_n"),
    )
    for part in parts:
        joined = joined.join(part, on="customer_id", how="left")
    return _ratios(joined).select("customer_id", *COLUMNS)


def _products(products: Frame) -> Frame:
    return products.group_by("customer_id").agg(
        rows_n().alias("products_n"),
        nw.col("lines_n").sum().alias("product_lines_n"),
        entropy_term(nw.col("lines_n")).sum().alias("product_terms"),
        nw.col("orders_n").sum().alias("pairs_n"),
    )


def _categories(categories: Frame) -> Frame:
    return categories.group_by("customer_id").agg(
        rows_n().alias("basket_categories_n"),
        nw.col("lines_n").sum().alias("category_lines_n"),
        entropy_term(nw.col("lines_n")).sum().alias("category_terms"),
    )


def _returns(returns: Frame, as_of: float) -> Frame:
    return returns.group_by("customer_id").agg(
        nw.col("order_id").n_unique().cast(nw.Float64).alias("returns_n"),
        nw.col("amount_ticks").sum().alias("returned_ticks"),
        (as_of - nw.col("at_days")).min().alias("basket_return_recency_days"),
    )


def _ratios(sums: Frame) -> Frame:
    orders_n, spent = nw.col("orders_n"), nw.col("amount_ticks")
    products_n, category_lines_n = nw.col("products_n"), nw.col("category_lines_n")
    return sums.with_columns(
        basket_lines_mean=nw.col("lines_n") / orders_n,
        basket_units_mean=nw.col("units_milli") / (orders_n * 1000),
        basket_unit_price_mean=ratio(spent * 1000, nw.col("units_milli") * TICKS),
        basket_products_n=products_n,
        basket_product_entropy=entropy(nw.col("product_terms"), nw.col("product_lines_n")),
        basket_product_repeat_share=ratio(nw.col("pairs_n") - products_n, nw.col("pairs_n")),
        basket_category_entropy=entropy(nw.col("category_terms"), category_lines_n),
        basket_discount_share=ratio(nw.col("discount_ticks"), spent + nw.col("discount_ticks")),
        basket_returns_n=nw.col("returns_n"),
        basket_return_share=ratio(nw.col("returned_ticks").fill_null(0.0), spent),
    )
