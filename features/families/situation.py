"""Occasions: public holidays near as_of where the customer lives, campaigns, and what earlier orders were near to.

Holidays are those of the part of the country that ``region``, else ``district``, of the profile names; where neither
names a part that has its own, those of the whole country or of most of its parts.
"""

import math
from datetime import date

import narwhals as nw

from features.engines import beside
from features.exact import count_if, per, ratio, rows_n
from features.families._countries import (
    AHEAD_DAYS,
    CALENDAR_WEEKS,
    EVE_DAYS,
    YEAR_DAYS,
    countries,
    parts,
    proximity,
    weeks,
)
from features.past import Past
from features.windows import Frame, to_days

NEEDS = ("orders",)

CAMPAIGN_DAYS = 7
PRESSURE_DAYS = 30
CYCLE_DAYS = 1461
"""Days in which the calendar repeats, from 1901 to 2099: four years, one of them a leap year."""
GIFT_SEASONS = tuple((to_days(date(year, 11, 15)), to_days(date(year, 12, 24))) for year in range(1970, 1974))
"""15 November to 24 December of the first of these cycles."""

COLUMNS: dict[str, str] = {
    "situation_holiday_next_days": "Whole days from as_of's date (UTC) to the next public holiday where the "
    "customer lives, by country and region; 0 if it is one; null if the country is not known.",
    "situation_holiday_last_days": "Whole days since the last public holiday before as_of's date; null as above.",
    "situation_holidays_30d_n": f"Public holidays from as_of's date to {AHEAD_DAYS} days later; null as above.",
    "situation_holiday_order_share": f"Of the orders of the last {YEAR_DAYS} days, the share placed 1 to {EVE_DAYS} "
    "days before a public holiday there; null as above or if none.",
    "situation_gift_order_share": "Share of orders placed from 15 November to 24 December (UTC); never null.",
    "situation_campaign_order_share": f"Of the orders of the last {YEAR_DAYS} days, the share placed within "
    f"{CAMPAIGN_DAYS} days after a message was sent to the customer; null if none.",
    "situation_last_order_occasion": f"What the last order, of the last {YEAR_DAYS} days, was near to, the first that "
    "fits: holiday, gift season, campaign (all as above) or none; null if there is no such order.",
    "situation_campaign_age_days": "Days since the latest campaign first touched the customer; null if none did.",
    f"situation_campaigns_{PRESSURE_DAYS}d_n": f"Campaigns with a touch in the last {PRESSURE_DAYS} days; 0 if none.",
}
USES = {
    "customers": tuple(name for name in COLUMNS if name.startswith("situation_holiday")),
    "touches": tuple(name for name in COLUMNS if name.startswith("situation_campaign")),
}
ZERO_IF_NONE = ("situation_campaigns_30d_n",)
TEXT = ("situation_last_order_occasion",)
_OF_PLACE = ("calendar_n", "next_days", "last_days", "ahead_n")
PARTS = ("region", "district")
"""Columns of a profile that may name a part of the country, the first that does counts."""
_BY_HOLIDAY = (*USES["customers"], "situation_last_order_occasion")


def reads(column: str) -> tuple[str, ...]:
    """The tables, and for holidays the district, which not every table of customers has."""
    tables = (*NEEDS, *USES) if column in COLUMNS else ()
    return (*tables, "customers.district") if column in _BY_HOLIDAY else tables


def attributes(column: str) -> tuple[str, ...]:
    """Holidays are those of the customer's place."""
    return ("country", "region") if column in _BY_HOLIDAY else ()


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a sale: customer_id and COLUMNS."""
    today = math.floor(as_of)
    at = nw.col("at_days")
    orders = past.orders.with_columns(day=at.floor(), age=as_of - at, newest_at=at.max().over("customer_id"))
    placed = _before_holiday(past, orders, today) if "customers" in past.present else _placed_nowhere(orders)
    orders = _after_message(_messages(past, as_of), placed)
    habits = _ratios(orders.group_by("customer_id").agg(*_occasions(), nw.col(*_OF_PLACE).max()))
    habits = habits.join(_campaigns(past.tables["touches"], as_of), on="customer_id", how="left")
    return habits.select("customer_id", *COLUMNS)


def _before_holiday(past: Past, orders: Frame, today: int) -> Frame:
    """Orders with _OF_PLACE, of the customer's country, and ``eve``: 1 if a public holiday followed soon."""
    places = _places(past.customers)
    places = places.join(beside(places, proximity(today)), on="place_n").select("customer_id", *_OF_PLACE)
    week = per(nw.col("day"), EVE_DAYS).floor()
    placed = orders.join(places, on="customer_id", how="left")
    placed = placed.with_columns(calendar_week=nw.col("calendar_n") * CALENDAR_WEEKS + week)
    near = placed.join(beside(placed, weeks(today)), on="calendar_week", how="left")
    soon = (nw.col("last_holiday") > nw.col("day")) | (nw.col("next_holiday") <= nw.col("day") + EVE_DAYS)
    return near.with_columns(eve=nw.when(soon).then(1.0).otherwise(0.0))


def _places(profiles: Frame) -> Frame:
    """customer_id and ``place_n`` of everybody whose country is known."""
    given = [name for name in PARTS if name in profiles.collect_schema().names()]
    plain = {name: nw.col(name).str.strip_chars().str.to_lowercase() for name in ("country", *given)}
    placed = profiles.select("customer_id", **plain)
    placed = placed.join(beside(placed, countries()), on="country")
    for name in given:
        named = parts().rename({"part": name, "part_n": f"{name}_n"})
        placed = placed.join(beside(placed, named), on=["country_n", name], how="left")
    nearest = nw.coalesce(*(nw.col(f"{name}_n") for name in given), nw.col("place_n"))
    return placed.with_columns(nearest=nearest).group_by("customer_id").agg(nw.col("nearest").min().alias("place_n"))


def _placed_nowhere(orders: Frame) -> Frame:
    """The same of customers whose countries are not known, for which no calendar is needed."""
    return orders.with_columns(nw.lit(None).cast(nw.Float64()).alias(name) for name in (*_OF_PLACE, "eve"))


def _messages(past: Past, as_of: float) -> Frame:
    """Messages that can have led to an order of the last YEAR_DAYS: no column asks about older orders."""
    old = as_of - nw.col("at_days") > YEAR_DAYS + CAMPAIGN_DAYS + 1
    return past.tables["touches"].filter((nw.col("kind") == "sent") & ~old)


def _after_message(messages: Frame, orders: Frame) -> Frame:
    """Orders with ``led``: 1 if one of the messages was sent within CAMPAIGN_DAYS before, else 0.

    Messages are grouped into blocks of CAMPAIGN_DAYS. In the order's own block the first message decides, in the block
    before the last one, so messages need not be joined with every order.
    """
    at, block = nw.col("at_days"), per(nw.col("at_days"), CAMPAIGN_DAYS).floor()
    ends = (
        messages.with_columns(block=block)
        .group_by("customer_id", "block")
        .agg(at.min().alias("first_at"), at.max().alias("last_at"))
    )
    same, before = ends.drop("last_at"), ends.drop("first_at").with_columns(block=nw.col("block") + 1)
    met = orders.rename({"last_at_days": "order_end"}).with_columns(block=block)
    for sent in (same, before):
        met = met.join(sent, on=["customer_id", "block"], how="left")
    found = (nw.col("first_at") <= at) | (nw.col("last_at") >= at - CAMPAIGN_DAYS)
    return met.with_columns(led=nw.when(found).then(1.0).otherwise(0.0))


def _occasions() -> list[nw.Expr]:
    of_year = nw.col("age") <= YEAR_DAYS
    last = of_year & (nw.col("at_days") == nw.col("newest_at"))
    in_cycle = nw.col("day") - per(nw.col("day"), CYCLE_DAYS).floor() * CYCLE_DAYS
    gift = nw.any_horizontal(*(in_cycle.is_between(*season) for season in GIFT_SEASONS), ignore_nulls=False)
    occasions = {"eve": nw.col("eve") == 1, "gift": gift, "led": nw.col("led") == 1}
    return [
        rows_n().alias("orders_n"),
        count_if(of_year).alias("year_n"),
        count_if(last).alias("last_n"),
        count_if(gift).alias("gift_n"),
        *(count_if(of_year & near).alias(f"year_{name}_n") for name, near in occasions.items()),
        *(count_if(last & near).alias(f"last_{name}_n") for name, near in occasions.items()),
    ]


def _campaigns(touches: Frame, as_of: float) -> Frame:
    """One row a customer whom a campaign touched."""
    age = as_of - nw.col("at_days")
    named = touches.filter(~nw.col("campaign_id").is_null()).with_columns(age=age)
    campaigns = named.group_by("customer_id", "campaign_id").agg(
        nw.col("age").max().alias("begun"), nw.col("age").min().alias("newest")
    )
    return campaigns.group_by("customer_id").agg(
        nw.col("begun").min().alias("situation_campaign_age_days"),
        count_if(nw.col("newest") <= PRESSURE_DAYS).alias(f"situation_campaigns_{PRESSURE_DAYS}d_n"),
    )


def _ratios(sums: Frame) -> Frame:
    year_n, known = nw.col("year_n"), ~nw.col("calendar_n").is_null()
    occasion: nw.Expr = nw.lit("none")
    for name, label in (("led", "campaign"), ("gift", "gift season"), ("eve", "holiday")):
        occasion = nw.when(nw.col(f"last_{name}_n") > 0).then(nw.lit(label)).otherwise(occasion)
    return sums.with_columns(
        situation_holiday_next_days=nw.col("next_days"),
        situation_holiday_last_days=nw.col("last_days"),
        situation_holidays_30d_n=nw.col("ahead_n"),
        situation_holiday_order_share=nw.when(known).then(ratio(nw.col("year_eve_n"), year_n)),
        situation_gift_order_share=nw.col("gift_n") / nw.col("orders_n"),
        situation_campaign_order_share=ratio(nw.col("year_led_n"), year_n),
        situation_last_order_occasion=nw.when(nw.col("last_n") > 0).then(occasion),
    )
