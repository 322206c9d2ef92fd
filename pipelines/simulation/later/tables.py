"""Further tables about customers: how to reach them, and their points in the loyalty programme."""

import numpy as np
import polars as pl

from pipelines.simulation.exports.dirt import Table
from pipelines.simulation.shop.segments import labels

Rows = dict[Table, pl.DataFrame]

FIRST = ("Alex", "Beth", "Chidi", "Dana", "Emil", "Farah", "Gwen", "Hugo")
LAST = ("Archer", "Bell", "Carter", "Dubois", "Evans", "Fischer", "Green", "Hall")
STREETS = ("High Street", "Mill Lane", "Church Road", "Station Road")
MEMBERS = 0.5
"""Share of customers in the loyalty programme."""
SPENDS = 0.25
"""Chance that points are spent with an order, if there are enough."""
SPENT_POINTS = 50.0
SILVER, GOLD = 200.0, 600.0
"""Points ever earned from which a member is of the tier."""
_LATER_DAYS = 1 / 24


def later_tables(rng: np.random.Generator, rows: Rows) -> Rows:
    """Contacts and movements of points of the chunk's customers."""
    return {"contacts": _contacts(rng, rows["customers"]), "loyalty": _points(rng, rows["orders"])}


def _contacts(rng: np.random.Generator, customers: pl.DataFrame) -> pl.DataFrame:
    """One row a customer, as they registered: an address at example.com, a number nobody has."""
    people = customers.unique("customer_no", keep="first", maintain_order=True)
    size = people.height
    first, last, street = (labels(names, rng.integers(len(names), size=size)) for names in (FIRST, LAST, STREETS))
    digits = pl.Series([f"+44 7700 9{n:05d}" for n in rng.integers(100_000, size=size)], dtype=pl.String)
    number = pl.col("customer_no")
    return people.select(
        "_at",
        "customer_no",
        email=pl.concat_str(first.str.to_lowercase(), pl.lit("."), number.str.to_lowercase(), pl.lit("@example.com")),
        phone=pl.when(pl.Series(rng.random(size) < 0.6)).then(digits),
        first_name=first,
        last_name=last,
        street=pl.concat_str(pl.Series(rng.integers(1, 99, size)).cast(pl.String), pl.lit(" "), street),
        town=pl.col("town"),
        country=pl.col("country"),
        email_agreed=pl.col("newsletter"),
        sms_agreed=labels(("no", "yes"), (rng.random(size) < 0.2).astype(np.int64)),
    )


def _points(rng: np.random.Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """A point for each unit of currency of a member's order, some of them spent later, and the tiers they lead to."""
    sold = orders.filter(pl.col("order_no").str.starts_with("S") & pl.col("customer_no").str.starts_with("C"))
    money = pl.col("qty").cast(pl.Float64) * pl.col("unit_price") - pl.col("discount").fill_null(0)
    earned = sold.group_by("customer_no", "order_no", maintain_order=True).agg(
        pl.col("_at").min(), points=money.sum().floor()
    )
    people = earned["customer_no"].unique().sort()
    members = people.filter(pl.Series(rng.random(people.len()) < MEMBERS))
    earned = earned.filter(pl.col("customer_no").is_in(members.implode()), pl.col("points") > 0)
    earned = earned.sort("customer_no", "_at", "order_no").with_columns(
        _all=pl.col("points").cum_sum().over("customer_no")
    )
    spends = pl.Series(rng.random(earned.height) < SPENDS)
    spent_n = spends.cast(pl.Int64)
    spent = earned.with_columns(_spent=spent_n).filter(
        spends & (pl.col("_all") >= SPENT_POINTS * pl.col("_spent").cum_sum().over("customer_no"))
    )
    tiers = earned.with_columns(_tier=_tier(pl.col("_all")), _before=_tier(pl.col("_all") - pl.col("points")))
    tiers = tiers.filter(pl.col("_tier") != pl.col("_before"))
    return pl.concat(
        [
            _movements(earned, "earn", pl.col("points"), pl.lit(None, dtype=pl.String), 0),
            _movements(spent, "spend", pl.lit(SPENT_POINTS), pl.lit(None, dtype=pl.String), _LATER_DAYS),
            _movements(tiers, "tier", pl.lit(None, dtype=pl.Float64), pl.col("_tier"), 2 * _LATER_DAYS),
        ]
    )


def _tier(points: pl.Expr) -> pl.Expr:
    return (
        pl.when(points >= GOLD)
        .then(pl.lit("gold"))
        .when(points >= SILVER)
        .then(pl.lit("silver"))
        .otherwise(pl.lit("basic"))
    )


def _movements(rows: pl.DataFrame, kind: str, points: pl.Expr, tier: pl.Expr, later_days: float) -> pl.DataFrame:
    return rows.select(
        _at=pl.col("_at") + later_days,
        customer_no=pl.col("customer_no"),
        movement=pl.lit(kind),
        points=points.cast(pl.Int64).cast(pl.String),
        tier=tier,
    )
