"""The way to a purchase: stage, products viewed, the cart, visits without an order, and barriers."""

import narwhals as nw

from features.exact import TICKS, count_if, distinct_n, per, ratio, sum_if, ticks
from features.past import Past
from features.windows import Frame

NEEDS = ("events", "orders")

STAGE_DAYS = 14
FOLLOW_DAYS = 1
VISIT_DAYS = 90
PAGES = {"price": "page:price", "returns": "page:returns", "delivery": "page:delivery"}
"""Pages that people hesitate on: the ``feature`` of a page_view."""
_CART = ("add_to_cart", "remove_from_cart", "checkout")

COLUMNS: dict[str, str] = {
    "journey_stage": f"The furthest step in the {STAGE_DAYS} days up to the last event: decision (cart or checkout), "
    "consideration (product view), awareness (page view or search); null if none of these.",
    "journey_unbought_30d_n": "Products viewed in the last 30 days and not bought since their last view; 0 if none.",
    "journey_unbought_90d_n": "Products viewed in the last 90 days and not bought since their last view; 0 if none.",
    "journey_view_to_purchase_days": "Median whole days from a product's first view to its first purchase, over "
    "products bought no earlier than first viewed; null if none.",
    "journey_searches_30d_n": "Searches in the last 30 days; 0 if none.",
    "journey_cart_items_n": "Items in the cart, additions less removals since the last order or checkout; 0 if none.",
    "journey_cart_value": "List price of those items whose price is known, currency; null if none is.",
    "journey_cart_age_days": "Days since the first of the products in the cart was added; null if the cart is empty.",
    "journey_abandoned_90d_n": "Carts abandoned: sessions of the last 90 days that added something to the cart, "
    "more than a day ago, and no order came within 24 hours of any of it; 0 if none.",
    "journey_abandoned_share": "journey_abandoned_90d_n over these and the carts that were ordered; null if none.",
    "journey_recovered_90d_n": "Abandoned carts from which a product was bought later; 0 if none.",
    "journey_checkout_drops_90d_n": "Sessions of the last 90 days with a checkout, more than a day ago, and no order "
    "within 24 hours of any; 0 if none.",
    "journey_conversion_share": "Sessions of the last 90 days with an order within 24 hours of an event of theirs, "
    "over these and the sessions that ended more than a day ago; null if none.",
    "journey_visits_since_order_n": "Sessions with an event after the last order; 0 if none.",
    **{
        f"journey_{page}_views_90d_n": f"Views of {name} in the last 90 days; 0 if none."
        for page, name in PAGES.items()
    },
    "journey_help_90d_n": "Help requests in the last 90 days; 0 if none.",
    "journey_barriers_30d_n": "Views of these three pages and help requests in the last 30 days; 0 if none.",
}
USES = {"products": ("journey_cart_value",)}
TEXT = ("journey_stage",)
ZERO_IF_NONE = tuple(name for name in COLUMNS if name.endswith("_n"))


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with an event: customer_id and COLUMNS."""
    at = nw.col("at_days")
    events = past.tables["events"].with_columns(age=as_of - at, newest_at=at.max().over("customer_id"))
    last_order = past.orders.group_by("customer_id").agg(at.max().alias("ordered_at"))
    joined = events.group_by("customer_id").agg(*_steps(), *_barriers())
    for part in (
        _since_order(past.visits, last_order),
        _products(past, events, last_order),
        _visits(past, events.filter(nw.col("age") <= VISIT_DAYS)),
    ):
        joined = joined.join(part, on="customer_id", how="left")
    return _ratios(joined).select("customer_id", *COLUMNS)


def _steps() -> list[nw.Expr]:
    kind, late = nw.col("kind"), nw.col("newest_at") - nw.col("at_days") <= STAGE_DAYS
    return [
        count_if(late & kind.is_in(_CART)).alias("decision_n"),
        count_if(late & (kind == "product_view")).alias("consideration_n"),
        count_if(late & kind.is_in(("page_view", "search"))).alias("awareness_n"),
        count_if((kind == "search") & (nw.col("age") <= 30)).alias("journey_searches_30d_n"),
    ]


def _barriers() -> list[nw.Expr]:
    age, kind, feature = nw.col("age"), nw.col("kind"), nw.col("feature")
    page_view, help_ = kind == "page_view", kind == "help"
    barrier = help_ | (page_view & feature.is_in(tuple(PAGES.values())))
    return [
        *(
            count_if(page_view & (feature == name) & (age <= 90)).alias(f"journey_{page}_views_90d_n")
            for page, name in PAGES.items()
        ),
        count_if(help_ & (age <= 90)).alias("journey_help_90d_n"),
        count_if(barrier & (age <= 30)).alias("journey_barriers_30d_n"),
    ]


def _since_order(visits: Frame, last_order: Frame) -> Frame:
    """One row a customer with an event after their last order: sessions, and days with events that have none."""
    ordered_at, session = nw.col("ordered_at"), nw.col("session_id")
    met = visits.join(last_order, on="customer_id", how="left")
    after = met.filter(ordered_at.is_null() | (nw.col("last_at_days") > ordered_at))
    return after.group_by("customer_id").agg(
        distinct_n(session).alias("visits_n"),
        distinct_n(nw.when(session.is_null()).then(nw.col("day"))).alias("lone_days_n"),
    )


def _products(past: Past, events: Frame, last_order: Frame) -> Frame:
    """One row a customer who viewed a product or touched the cart."""
    at, age, kind = nw.col("at_days"), nw.col("age"), nw.col("kind")
    handled = events.filter(kind.is_in(("product_view", *_CART)))
    handled = handled.with_columns(checkout_at=nw.when(kind == "checkout").then(at).max().over("customer_id"))
    handled = handled.filter(kind != "checkout").join(last_order, on="customer_id", how="left")
    ordered_at, checkout_at = nw.col("ordered_at"), nw.col("checkout_at")
    in_cart = (ordered_at.is_null() | (at > ordered_at)) & (checkout_at.is_null() | (at > checkout_at))
    handled = handled.with_columns(in_cart=in_cart)
    viewed, added = kind == "product_view", (kind == "add_to_cart") & nw.col("in_cart")
    goods = handled.group_by("customer_id", "product_id").agg(
        nw.when(viewed).then(at).min().alias("first_view_at"),
        nw.when(viewed).then(at).max().alias("last_view_at"),
        nw.when(viewed).then(age).min().alias("view_age"),
        (count_if(added) - count_if((kind == "remove_from_cart") & nw.col("in_cart"))).alias("items_n"),
        nw.when(added).then(age).max().alias("added_age"),
    )
    goods = goods.join(_bought(past), on=["customer_id", "product_id"], how="left")
    prices = past.tables["products"].select("product_id", price_ticks=ticks(nw.col("price")))
    return goods.join(prices, on="product_id", how="left").group_by("customer_id").agg(*_wanted(), *_cart())


def _bought(past: Past) -> Frame:
    """One row a customer and product bought, with the moments of its first and last sale."""
    return past.products.select("customer_id", "product_id", first_sale_at="first_at_days", last_sale_at="last_at_days")


def _wanted() -> list[nw.Expr]:
    first_view, last_view = nw.col("first_view_at"), nw.col("last_view_at")
    first_sale, last_sale = nw.col("first_sale_at"), nw.col("last_sale_at")
    unbought = ~nw.col("product_id").is_null() & (last_sale.is_null() | (last_sale < last_view))
    return [
        *(count_if(unbought & (nw.col("view_age") <= w)).alias(f"journey_unbought_{w}d_n") for w in (30, 90)),
        nw.when(first_sale >= first_view)
        .then((first_sale - first_view).floor())
        .median()
        .alias("journey_view_to_purchase_days"),
    ]


def _cart() -> list[nw.Expr]:
    items_n, price = nw.col("items_n"), nw.col("price_ticks")
    priced = (items_n > 0) & ~price.is_null()
    return [
        sum_if(items_n > 0, items_n).alias("journey_cart_items_n"),
        nw.when(items_n > 0).then(nw.col("added_age")).max().alias("journey_cart_age_days"),
        count_if(priced).alias("priced_n"),
        sum_if(priced, items_n * price).alias("cart_ticks"),
    ]


def _visits(past: Past, events: Frame) -> Frame:
    """One row a customer with a session: how many there were, and what became of them."""
    age, added, paid = nw.col("age"), nw.col("kind") == "add_to_cart", nw.col("kind") == "checkout"
    events = events.join(_bought(past), on=["customer_id", "product_id"], how="left")
    followed, bought_since = nw.col("followed"), nw.col("last_sale_at") >= nw.col("at_days")
    sessions = (
        _followed(past, events)
        .group_by("customer_id", "session_id", "lone_day")
        .agg(
            age.min().alias("age"),
            nw.when(added).then(age).min().alias("cart_age"),
            nw.when(paid).then(age).min().alias("checkout_age"),
            followed.max().alias("followed"),
            nw.when(added).then(followed).max().alias("cart_followed"),
            nw.when(paid).then(followed).max().alias("checkout_followed"),
            count_if(added & bought_since).alias("bought_n"),
        )
    )
    # What happened less than a day ago may still be followed by an order.
    abandoned = (nw.col("cart_followed") == 0) & (nw.col("cart_age") > FOLLOW_DAYS)
    return sessions.group_by("customer_id").agg(
        count_if(abandoned).alias("journey_abandoned_90d_n"),
        count_if(nw.col("cart_followed") == 1).alias("carts_ordered_n"),
        count_if(abandoned & (nw.col("bought_n") > 0)).alias("journey_recovered_90d_n"),
        count_if((nw.col("checkout_followed") == 0) & (nw.col("checkout_age") > FOLLOW_DAYS)).alias(
            "journey_checkout_drops_90d_n"
        ),
        count_if(followed == 1).alias("converted_n"),
        count_if((followed == 1) | (age > FOLLOW_DAYS)).alias("ended_n"),
    )


def _followed(past: Past, events: Frame) -> Frame:
    """Events with ``followed``, 1 if an order came within a day.

    An order on the same day (UTC) came after the event if the last of that day did; one on the next day came in time if
    the first of that day did. So events need not be joined with every order.
    """
    at, day = nw.col("at_days"), nw.col("day")
    daily = past.orders.with_columns(day=at.floor()).group_by("customer_id", "day")
    ends = daily.agg(at.min().alias("first_at"), at.max().alias("last_at"))
    same = ends.select("customer_id", "day", "last_at")
    following = ends.select("customer_id", "first_at", day=day - 1)
    keys = ["customer_id", "day"]
    events = events.with_columns(day=at.floor(), lone_day=nw.when(nw.col("session_id").is_null()).then(at.floor()))
    met = events.join(same, on=keys, how="left").join(following, on=keys, how="left")
    found = (nw.col("last_at") >= at) | (nw.col("first_at") <= at + FOLLOW_DAYS)
    return met.with_columns(followed=nw.when(found).then(1.0).otherwise(0.0))


def _ratios(sums: Frame) -> Frame:
    stage: nw.Expr = nw.when(nw.col("awareness_n") > 0).then(nw.lit("awareness"))
    stage = nw.when(nw.col("consideration_n") > 0).then(nw.lit("consideration")).otherwise(stage)
    abandoned_n = nw.col("journey_abandoned_90d_n")
    return sums.with_columns(
        journey_stage=nw.when(nw.col("decision_n") > 0).then(nw.lit("decision")).otherwise(stage),
        journey_cart_value=nw.when(nw.col("priced_n") > 0).then(per(nw.col("cart_ticks"), TICKS)),
        journey_abandoned_share=ratio(abandoned_n, abandoned_n + nw.col("carts_ordered_n")),
        journey_conversion_share=ratio(nw.col("converted_n"), nw.col("ended_n")),
        journey_visits_since_order_n=nw.col("visits_n") + nw.col("lone_days_n"),
    )
