"""What goes wrong between a shop and its export: each kind by name, rate and effect.

Dirt that must be rejected comes as rows ``added`` to the clean ones, and dirt that can be repaired leaves the meaning
of its row (``altered``), so what cleaning leaves is the clean world again. Two sorts stay in the cleaned tables, for
the audit to name: the few rows whose altered value is only doubtful (an outlier price), and ``plausible`` rows, which
were added and look right until they are compared with other rows (a touch before its customer signed up).
"""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Effect = Literal["added", "altered", "plausible"]
Table = Literal[
    "orders", "customers", "identities", "products", "events", "touches", "feedback", "subscriptions",
    "contacts", "loyalty", "campaigns", "market",
]  # fmt: skip


@dataclass(frozen=True)
class Dirt:
    """One kind: ``change`` is made to a copy of a clean row (added, plausible) or to the row itself (altered).

    ``rate`` is a share of the rows it may fall on: those that ``where`` picks, or all.
    """

    kind: str
    rate: float
    effect: Effect
    change: dict[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr | None = None


ACCENTED = "éèëçüöä£"
"""Letters outside ASCII that the shop's texts use."""


def _text(value: str | None) -> pl.Expr:
    return pl.lit(value, dtype=pl.String)


def _padded(name: str) -> pl.Expr:
    return pl.concat_str(pl.lit("  "), pl.col(name), pl.lit(" "))


def _times(name: str, factor: int) -> pl.Expr:
    """The same money, written too large by a power of ten."""
    return pl.col(name).cast(pl.Decimal(12, 2)).mul(factor).cast(pl.Decimal(12, 2)).cast(pl.String)


def _shifted(name: str, years: int) -> pl.Expr:
    """The same text with the year moved."""
    year = (pl.col(name).str.slice(0, 4).cast(pl.Int64) + years).cast(pl.String)
    return pl.concat_str(year, pl.col(name).str.slice(4))


def _days_later(name: str, days: int) -> pl.Expr:
    """Another day in the same form of text."""
    form = "%Y-%m-%d %H:%M:%S"
    return pl.col(name).str.to_datetime(form).dt.offset_by(f"{days}d").dt.to_string(form)


def _misread(name: str) -> pl.Expr:
    """UTF-8 read as Windows-1252, the commonest damage: Orléans becomes OrlÃ©ans."""
    return pl.col(name).str.replace_many(list(ACCENTED), [letter.encode().decode("cp1252") for letter in ACCENTED])


def _fee(code: str, price: str) -> dict[str, pl.Expr]:
    return {"sku": _text(code), "qty": _text("1"), "unit_price": _text(price), "discount": _text("0.00")}


def _accented(name: str) -> pl.Expr:
    """Rows whose text has a letter that wrong encodings damage."""
    return pl.col(name).str.contains_any(list(ACCENTED))


def _stranger(name: str) -> pl.Expr:
    """A number that no clean row has."""
    return pl.concat_str(pl.col(name), pl.lit("X"))


# A rejected line stands in an order of its own, or the order it was copied from would look contradictory.
_OWN = {"order_no": pl.col("_fresh")}
_AT_ONCE = {"booked_at": _text(None)}

DIRT: dict[Table, tuple[Dirt, ...]] = {
    "orders": (
        Dirt("exact_duplicate", 0.004, "added"),
        Dirt("missing_customer", 0.010, "added", _OWN | {"customer_no": _text(None)}),
        Dirt("blank_customer", 0.001, "added", _OWN | {"customer_no": _text("   ")}),
        Dirt("negative_quantity_sale", 0.002, "added", _OWN | {"qty": pl.concat_str(pl.lit("-"), pl.col("qty"))}),
        Dirt("zero_quantity", 0.001, "added", _OWN | {"qty": _text("0")}),
        Dirt("unreadable_quantity", 0.0005, "added", _OWN | {"qty": _text("a few")}),
        Dirt("zero_price", 0.002, "added", _OWN | {"unit_price": _text("0.00")}),
        Dirt("negative_price", 0.0005, "added", _OWN | {"unit_price": _text("-11062.06"), "discount": _text("0.00")}),
        Dirt("unreadable_price", 0.001, "added", _OWN | {"unit_price": _text("n/a")}),
        Dirt("negative_discount", 0.0005, "added", _OWN | {"discount": _text("-5.00")}),
        Dirt("discount_above_amount", 0.0005, "added", _OWN | {"discount": _text("99999.00")}),
        Dirt("unreadable_date", 0.001, "added", _OWN | {"ordered_at": _text("31/02/2025 25:61")}),
        Dirt("missing_date", 0.0005, "added", _OWN | {"ordered_at": _text(None)}),
        Dirt("future_date", 0.0005, "added", _OWN | _AT_ONCE | {"ordered_at": _shifted("ordered_at", 40)}),
        Dirt("before_1970", 0.0005, "added", _OWN | {"ordered_at": _text("1899-12-30 00:00:00")}),
        Dirt("postage_line", 0.010, "added", _fee("POST", "3.95")),
        Dirt("manual_line", 0.0005, "added", _fee("M", "25.00")),
        Dirt("bank_charges_line", 0.0005, "added", _fee("BANK CHARGES", "15.00")),
        Dirt("stray_spaces", 0.005, "altered", {"customer_no": _padded("customer_no"), "sku": _padded("sku")}),
        Dirt("missing_product", 0.0005, "altered", {"sku": _text(None)}),
        Dirt("unknown_product", 0.001, "altered", {"sku": _text("P9999")}),
        Dirt("price_outlier", 0.0001, "altered", {"unit_price": _times("unit_price", 1000)}),
        Dirt(
            "price_in_pence", 0.0002, "altered",
            {"unit_price": _times("unit_price", 100), "discount": _times("discount", 100)},
        ),
        Dirt("known_before_ordered", 0.0005, "altered", {"booked_at": _days_later("ordered_at", -1)}),
    ),
    "customers": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("second_address", 0.005, "added", {"town": _text("Elsewhere")}),
        Dirt("missing_customer", 0.002, "added", {"customer_no": _text(None)}),
        Dirt("implausible_birth_year", 0.005, "altered", {"birth_year": _text("1888")}),
        Dirt("unreadable_birth_year", 0.002, "altered", {"birth_year": _text("19??")}),
        Dirt("stray_spaces", 0.010, "altered", {"customer_no": _padded("customer_no"), "town": _padded("town")}),
        Dirt("country_spelling", 0.020, "altered", {"country": pl.col("country").str.to_uppercase()}),
        Dirt("missing_country", 0.010, "altered", {"country": _text(None)}),
        Dirt("unreadable_registration", 0.002, "added", {"registered_at": _text("long ago")}),
        Dirt("unreadable_consent", 0.002, "added", {"newsletter": _text("perhaps")}),
        Dirt("damaged_encoding", 0.050, "altered", {"town": _misread("town")}, _accented("town")),
    ),
    "identities": (
        Dirt("exact_duplicate", 0.020, "added"),
        Dirt("missing_customer", 0.020, "added", {"customer_no": _text(None)}),
        Dirt("alias_of_two_customers", 0.020, "added", {"customer_no": _text("C9999999")}),
        Dirt("orphan_alias", 0.020, "plausible", {"alias_no": _stranger("alias_no"), "customer_no": _text("C9999999")}),
    ),
    "products": (
        Dirt("exact_duplicate", 0.010, "added"),
        Dirt("missing_category", 0.010, "altered", {"category": _text(None)}),
        Dirt("cost_above_price", 0.010, "altered", {"cost": _times("price", 2)}),
        Dirt("negative_cost", 0.005, "altered", {"cost": _text("-1.00")}),
        Dirt("price_with_currency_sign", 0.005, "added", {"price": pl.concat_str(pl.lit("GBP "), pl.col("price"))}),
    ),
    "events": (
        Dirt("exact_duplicate", 0.002, "added"),
        Dirt("missing_customer", 0.020, "added", {"customer_no": _text(None)}),
        Dirt("unknown_kind", 0.0005, "added", {"event": _text("heartbeat")}),
        Dirt("future_date", 0.0002, "added", {"happened_at": pl.col("happened_at").dt.offset_by("40y")}),
        Dirt("device_clock_reset", 0.0002, "added", {"happened_at": pl.datetime(1970, 1, 1, time_unit="us")}),
        Dirt("negative_duration", 0.0005, "altered", {"seconds": -1 - pl.col("seconds")}),
        # The checkout of an order is less than a minute before the order: 59 to 60 minutes after it by such a clock.
        Dirt(
            "checkout_an_hour_after_its_order", 0.003, "altered",
            {"happened_at": pl.col("happened_at").dt.offset_by("1h")},
            (pl.col("event") == "checkout") & pl.col("_ordered"),
        ),
    ),
    "touches": (
        Dirt("exact_duplicate", 0.002, "added"),
        Dirt("missing_customer", 0.001, "added", {"customer_no": _text(None)}),
        Dirt("unknown_kind", 0.0005, "added", {"reaction": _text("deferred")}),
        Dirt("future_date", 0.0002, "added", {"happened_at": pl.col("happened_at").dt.offset_by("40y")}),
        Dirt("unknown_channel", 0.0002, "plausible", {"channel": _text("fax")}, pl.col("reaction") == "sent"),
        Dirt(
            "open_of_nothing_sent", 0.002, "plausible", {"campaign": _text("N999")},
            (pl.col("reaction") == "open") & (pl.col("channel") == "email"),
        ),
        Dirt(
            "sent_after_unsubscribe", 0.020, "plausible",
            {"reaction": _text("sent"), "happened_at": pl.col("happened_at").dt.offset_by("10d")},
            (pl.col("reaction") == "unsubscribe") & (pl.col("_at") < pl.col("_at").max() - 11),
        ),
        Dirt(
            "touch_before_sign_up", 0.0005, "plausible", {"happened_at": pl.col("_registered").dt.offset_by("-30d")},
            pl.col("reaction") == "sent",
        ),
    ),
    "feedback": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("missing_customer", 0.005, "added", {"customer_no": _text(None)}),
        Dirt("unreadable_date", 0.002, "added", {"answered_at": _text("yesterday")}),
        Dirt("score_out_of_range", 0.005, "altered", {"score": _text("99")}),
        Dirt("unknown_kind", 0.002, "added", {"survey": _text("poll")}),
        Dirt("unreadable_score", 0.002, "added", {"score": _text("five")}),
        Dirt("future_date", 0.002, "added", {"answered_at": _shifted("answered_at", 40)}),
        Dirt("unknown_topic", 0.002, "altered", {"topic": _text("misc")}),
        Dirt("damaged_encoding", 0.050, "altered", {"comment": _misread("comment")}, _accented("comment")),
    ),
    "subscriptions": (
        Dirt("exact_duplicate", 0.010, "added"),
        Dirt("missing_customer", 0.005, "added", {"customer_no": _text(None)}),
        Dirt("unreadable_start", 0.005, "added", {"started_at": _text("soon")}),
        Dirt("missing_plan", 0.005, "added", {"plan": _text(None)}),
        Dirt("negative_fee", 0.005, "altered", {"fee": pl.concat_str(pl.lit("-"), pl.col("fee"))}),
        Dirt(
            "ended_before_start", 0.020, "altered", {"ended_at": _days_later("started_at", -10)},
            pl.col("ended_at").is_not_null(),
        ),
        # The contract's first version again, under a number of its own.
        Dirt(
            "contract_booked_twice", 0.010, "plausible", {"contract_no": _stranger("contract_no")},
            pl.col("recorded_at") == pl.col("started_at"),
        ),
    ),
    "contacts": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("missing_customer", 0.005, "added", {"customer_no": _text(None)}),
        Dirt("no_address", 0.010, "altered", {"email": _text("none")}, pl.col("email_agreed") == "yes"),
        Dirt("unreadable_consent", 0.005, "added", {"sms_agreed": _text("perhaps")}),
    ),
    "loyalty": (
        Dirt("exact_duplicate", 0.005, "added"),
        Dirt("missing_customer", 0.005, "added", {"customer_no": _text(None)}),
        Dirt("unknown_kind", 0.002, "added", {"movement": _text("expiry")}),
        Dirt("unreadable_points", 0.002, "added", {"points": _text("many")}),
    ),
    "campaigns": (
        Dirt("exact_duplicate", 0.010, "added"),
        Dirt("negative_budget", 0.010, "altered", {"budget": _text("-1.00")}),
    ),
    "market": (
        Dirt("exact_duplicate", 0.010, "added"),
        Dirt("unreadable_turnover", 0.010, "added", {"turnover": _text("ca. 9m")}),
    ),
}  # fmt: skip


TOUCHABLE: dict[Table, pl.Expr] = {
    "orders": ~pl.col("order_no").str.starts_with("R"),
    "feedback": pl.col("score").is_not_null(),
}
"""Rows that dirt may fall on, where not all: sales, and answers with a score."""
