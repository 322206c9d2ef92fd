"""The one definition of a snapshot: the columns of every family, for everybody who gets a row.

It is carried out by ``features.executors``: they read, share and cache in different ways, and all end here.
"""

from collections.abc import Collection

import narwhals as nw

from features.families import Family, families_for
from features.past import Past
from features.windows import Frame

ACTED = {
    "orders": "purchase_recency_days",
    "events": "usage_recency_days",
    "subscriptions": "loyalty_contract_tenure_days",
}
"""The column that is null for whoever is no buyer, by the table that says who the buyers are (``past.ACTIVITY``)."""


def features_of(past: Past, as_of: float, columns: Collection[str] | None = None) -> Frame:
    """customer_id and every feature that the tables of ``past`` can feed, one row for each of ``past.who``.

    Null or zero is settled here, by the rule in ``features.families``. With ``columns``, families that have none of
    these are left out.
    """
    found: Collection[Family] = families_for(past.present).values()
    if columns is not None:
        found = [family for family in found if not set(columns).isdisjoint(family.columns(past.present))]
    return joined(found, past, as_of)


def joined(found: Collection[Family], past: Past, as_of: float) -> Frame:
    """customer_id and the columns of these families."""
    frame = past.who
    for family in found:
        frame = frame.join(_computed(family, past, as_of), on="customer_id", how="left")
    columns = [_zero_or_null(name, family, past.present) for family in found for name in family.columns(past.present)]
    # Ids may be categories during the computation.
    return frame.select(nw.col("customer_id").cast(nw.String), *columns)


def feature_names(tables: Collection[str]) -> tuple[str, ...]:
    """Columns of a snapshot after customer_id, in order: families alphabetically, each in its own order.

    ``tables`` is what ``features.engines.given`` lists.
    """
    return tuple(name for family in families_for(tables).values() for name in family.columns(tables))


def _computed(family: Family, past: Past, as_of: float) -> Frame:
    columns = family.columns(past.present)
    numbers = [nw.col(name).cast(nw.Float64) for name in columns if not family.is_text(name)]
    texts = [name for name in columns if family.is_text(name)]
    return family.compute(past, as_of).select("customer_id", *numbers, *texts)


def _zero_or_null(name: str, family: Family, present: Collection[str]) -> nw.Expr:
    """The column, null if it is derived from an absent table, else 0 for null if it is a count."""
    if any(name in family.USES[table] for table in family.USES if table not in present):
        return nw.lit(None).cast(nw.String() if family.is_text(name) else nw.Float64()).alias(name)
    return nw.col(name).fill_null(0.0) if name in family.ZERO_IF_NONE else nw.col(name)
