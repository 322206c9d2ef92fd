"""One date: the plan of a snapshot on the engine of its tables."""

from features.definition import features_of
from features.engines import Tables
from features.entities import Entity, about
from features.past import Who, look_back
from features.windows import Frame


def snapshot(tables: Tables, as_of: float, entity: Entity = "customer", who: Who = "buyers") -> Frame:
    """customer_id and every feature, one row a customer with a sale before ``as_of``, or for everybody known by then.

    Numbers are float64, those that ``is_text`` text; rows are in no order. ``as_of`` is days since 1970-01-01 UTC.
    The cut is made here, once, before any family runs.
    """
    return features_of(look_back(about(tables, as_of, entity), as_of, population=who), as_of)
