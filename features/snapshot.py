"""All families at one ``as_of``: one row a customer, or a company."""

from collections.abc import Collection

import narwhals as nw

from features.engines import Tables
from features.entities import Entity, about
from features.families import Family, families_for
from features.past import Past, look_back
from features.windows import Frame


def snapshot(tables: Tables, as_of: float, entity: Entity = "customer") -> Frame:
    """customer_id and every feature, one row a customer with a sale (without orders: an event) before ``as_of``.

    Numbers are float64, those of ``text_names`` text; rows are in no order. ``as_of`` is days since 1970-01-01 UTC.
    The cut happens here, once, before any family runs.
    """
    return snapshot_of(about(tables, as_of, entity), as_of)


def snapshot_of(tables: Tables, as_of: float) -> Frame:
    """Like ``snapshot``, of tables whose customer_id names the entity already."""
    return features_of(look_back(tables, as_of), as_of)


def features_of(past: Past, as_of: float) -> Frame:
    """Like ``snapshot``, of what was known before ``as_of``."""
    frame, tables = past.who, past.tables
    for family in families_for(tables).values():
        frame = frame.join(_features(family, past, as_of), on="customer_id", how="left")
        zeros = getattr(family, "ZERO_IF_NONE", ())
        frame = frame.with_columns(nw.col(name).fill_null(0.0) for name in zeros) if zeros else frame
    # Ids may be held as categories while they are worked with.
    return frame.select(nw.col("customer_id").cast(nw.String), *feature_names(tables))


def feature_names(tables: Collection[str]) -> tuple[str, ...]:
    """Columns of ``snapshot`` after customer_id, in order: families alphabetically, each in its own order."""
    return tuple(name for family in families_for(tables).values() for name in family.COLUMNS)


def _features(family: Family, past: Past, as_of: float) -> Frame:
    text = getattr(family, "TEXT", ())
    numbers = [name for name in family.COLUMNS if name not in text]
    return family.compute(past, as_of).select("customer_id", nw.col(*numbers).cast(nw.Float64), *text)
