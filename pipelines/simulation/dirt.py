"""What goes wrong between a shop and its export, each kind by name, rate and effect, counted exactly.

Dirt that must be rejected comes as rows added to the clean ones, and dirt that can be repaired leaves the meaning of
its row, so what cleaning leaves is the clean world again. The few rows that are only doubtful (an outlier price) stay
changed.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

Effect = Literal["added", "altered"]
Table = Literal["orders", "customers", "products", "events", "emails", "feedback"]


@dataclass(frozen=True)
class Dirt:
    """One kind: ``change`` is made to a copy of a clean row (added) or to the row itself (altered)."""

    kind: str
    rate: float
    effect: Effect
    change: dict[str, pl.Expr] = field(default_factory=dict)


def _said(value: str | None) -> pl.Expr:
    return pl.lit(value, dtype=pl.String)


def _padded(name: str) -> pl.Expr:
    return pl.concat_str(pl.lit("  "), pl.col(name), pl.lit(" "))


def _hundredfold(name: str) -> pl.Expr:
    """A decimal point lost."""
    return pl.concat_str(pl.col(name).str.replace(".", "", literal=True), pl.lit(".00"))


def _shifted(years: int) -> pl.Expr:
    """The same text with the year moved."""
    year = (pl.col("ordered_at").str.slice(0, 4).cast(pl.Int64) + years).cast(pl.String)
    return pl.concat_str(year, pl.col("ordered_at").str.slice(4))


def _fee(code: str, price: str) -> dict[str, pl.Expr]:
    return {"sku": _said(code), "qty": _said("1"), "unit_price": _said(price), "discount": _said("0.00")}


_DOUBLE_PRICE = pl.col("price").cast(pl.Decimal(12, 2)).mul(2).cast(pl.Decimal(12, 2)).cast(pl.String)
# A rejected line stands in an order of its own, or the order it was copied from would look contradictory.
_OWN = {"order_no": pl.col("_fresh")}

DIRT: dict[Table, tuple[Dirt, ...]] = {
    "orders": (
        Dirt("exact_duplicate", 0.004, "added"),
        Dirt("missing_customer", 0.010, "added", _OWN | {"customer_no": _said(None)}),
        Dirt("blank_customer", 0.001, "added", _OWN | {"customer_no": _said("   ")}),
        Dirt("negative_quantity_sale", 0.002, "added", _OWN | {"qty": pl.concat_str(pl.lit("-"), pl.col("qty"))}),
        Dirt("zero_quantity", 0.001, "added", _OWN | {"qty": _said("0")}),
        Dirt("unreadable_quantity", 0.0005, "added", _OWN | {"qty": _said("a few")}),
        Dirt("zero_price", 0.002, "added", _OWN | {"unit_price": _said("0.00")}),
        Dirt("negative_price", 0.0005, "added", _OWN | {"unit_price": _said("-11062.06"), "discount": _said("0.00")}),
        Dirt("unreadable_price", 0.001, "added", _OWN | {"unit_price": _said("n/a")}),
        Dirt("negative_discount", 0.0005, "added", _OWN | {"discount": _said("-5.00")}),
        Dirt("discount_above_amount", 0.0005, "added", _OWN | {"discount": _said("99999.00")}),
        Dirt("unreadable_date", 0.001, "added", _OWN | {"ordered_at": _said("31/02/2025 25:61")}),
        Dirt("missing_date", 0.0005, "added", _OWN | {"ordered_at": _said(None)}),
        Dirt("future_date", 0.0005, "added", _OWN | {"ordered_at": _shifted(40)}),
        Dirt("before_1970", 0.0005, "added", _OWN | {"ordered_at": _said("1899-12-30 00:00:00")}),
        Dirt("postage_line", 0.010, "added", _fee("POST", "3.95")),
        Dirt("manual_line", 0.0005, "added", _fee("M", "25.00")),
        Dirt("bank_charges_line", 0.0005, "added", _fee("BANK CHARGES", "15.00")),
        Dirt("stray_spaces", 0.005, "altered", {"customer_no": _padded("customer_no"), "sku": _padded("sku")}),
        Dirt("missing_product", 0.0005, "altered", {"sku": _said(None)}),
        Dirt("unknown_product", 0.001, "altered", {"sku": _said("P9999")}),
        Dirt("price_outlier", 0.0001, "altered", {"unit_price": _hundredfold("unit_price")}),
    ),
    "customers": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("second_address", 0.005, "added", {"town": _said("Elsewhere")}),
        Dirt("missing_customer", 0.002, "added", {"customer_no": _said(None)}),
        Dirt("implausible_birth_year", 0.005, "altered", {"birth_year": _said("1888")}),
        Dirt("unreadable_birth_year", 0.002, "altered", {"birth_year": _said("19??")}),
        Dirt("stray_spaces", 0.010, "altered", {"customer_no": _padded("customer_no"), "town": _padded("town")}),
        Dirt("country_spelling", 0.020, "altered", {"country": pl.col("country").str.to_uppercase()}),
        Dirt("missing_country", 0.010, "altered", {"country": _said(None)}),
    ),
    "products": (
        Dirt("exact_duplicate", 0.010, "added"),
        Dirt("missing_category", 0.010, "altered", {"category": _said(None)}),
        Dirt("cost_above_price", 0.010, "altered", {"cost": _DOUBLE_PRICE}),
        Dirt("negative_cost", 0.005, "altered", {"cost": _said("-1.00")}),
    ),
    "events": (
        Dirt("exact_duplicate", 0.002, "added"),
        Dirt("missing_customer", 0.020, "added", {"customer_no": _said(None)}),
        Dirt("unknown_kind", 0.0005, "added", {"event": _said("heartbeat")}),
        Dirt("future_date", 0.0002, "added", {"happened_at": pl.col("happened_at").dt.offset_by("40y")}),
        Dirt("negative_duration", 0.0005, "altered", {"seconds": -1 - pl.col("seconds")}),
    ),
    "emails": (
        Dirt("exact_duplicate", 0.002, "added"),
        Dirt("missing_customer", 0.001, "added", {"customer_no": _said(None)}),
        Dirt("unknown_kind", 0.0005, "added", {"reaction": _said("deferred")}),
    ),
    "feedback": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("missing_customer", 0.005, "added", {"customer_no": _said(None)}),
        Dirt("unreadable_date", 0.002, "added", {"answered_at": _said("yesterday")}),
        Dirt("score_out_of_range", 0.005, "altered", {"score": _said("99")}),
    ),
}


TOUCHABLE: dict[Table, pl.Expr] = {
    "orders": ~pl.col("order_no").str.starts_with("R"),
    "feedback": pl.col("score").is_not_null(),
}
"""Rows that dirt may fall on, where not all: sales, and answers with a score."""


def soil(rng: np.random.Generator, table: Table, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """``rows`` with every kind of dirt of the table, and how many rows have each; a row has one kind at most.

    A kind too rare for the table still shows once, so that even a small shop is dirty in every way; a table where the
    dirt would be more than a tenth stays clean.
    """
    numbered = rows.with_row_index("_row")
    places = numbered.filter(TOUCHABLE[table])["_row"].to_numpy() if table in TOUCHABLE else np.arange(rows.height)
    counts = _counts(DIRT[table], len(places))
    chosen = np.split(rng.permutation(places), np.cumsum(list(counts.values())))
    parts, stays = [], np.ones(rows.height, dtype=np.bool_)
    for dirt, place in zip(DIRT[table], chosen, strict=False):
        parts.append(rows[np.sort(place)].with_columns(**dirt.change))
        stays[place] = dirt.effect == "added"
    return pl.concat([rows.filter(pl.Series(stays)), *parts]), counts


def _counts(kinds: tuple[Dirt, ...], rows_n: int) -> dict[str, int]:
    counts = {dirt.kind: max(1, round(dirt.rate * rows_n)) for dirt in kinds}
    return counts if sum(counts.values()) <= rows_n / 10 else dict.fromkeys(counts, 0)
