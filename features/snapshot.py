"""All families at one ``as_of``: one row a customer."""

from collections.abc import Collection

import narwhals as nw

from features.engines import Tables
from features.errors import BadTable
from features.families import families_for
from features.past import look_back
from features.windows import Frame


def snapshot(tables: Tables, as_of: float) -> Frame:
    """customer_id and every feature as float64, one row a customer with a sale before ``as_of``, in no order.

    ``as_of`` is days since 1970-01-01 UTC. The cut happens here, once, before any family runs.
    """
    _refuse_without_orders(tables)
    past = look_back(tables, as_of)
    frame = past.days.select("customer_id").unique()
    for family in families_for(tables).values():
        frame = frame.join(family.compute(past, as_of), on="customer_id", how="left")
    return frame.select("customer_id", nw.col(*feature_names(tables)).cast(nw.Float64))


def feature_names(tables: Collection[str]) -> tuple[str, ...]:
    """Columns of ``snapshot`` after customer_id, in order: families alphabetically, each in its own order."""
    return tuple(name for family in families_for(tables).values() for name in family.COLUMNS)


def _refuse_without_orders(tables: Collection[str]) -> None:
    if "orders" not in tables:
        found = ", ".join(sorted(tables)) or "no table"
        raise BadTable(f"found {found}, a snapshot needs 'orders': ingest a source with an orders.sql")
