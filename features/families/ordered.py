"""Attributes with an order: every ``attr_*`` column that the source declares as ordered, as a place in that order.

An open family: a column that ``[attributes]`` of source.toml declares as ``"ordered: low, middle, high"`` is
``ordered_<attribute>``: 0 for the first, 1 for the second, ...; null if unknown or none of these. Of one that it
declares as ``"protected ordered: ..."`` it is ``ordered_protected_<attribute>``, which a model reads only if its study
names it.
"""

from collections.abc import Collection

import narwhals as nw

from features.columns import declared_protected
from features.past import Past
from features.windows import Frame

NEEDS = ("customers",)
COLUMNS: dict[str, str] = {}

PREFIX = "ordered_"


def columns(tables: Collection[str]) -> tuple[str, ...]:
    """A column for each ordered attribute that customers have."""
    return tuple(sorted(name.removeprefix("customers.") for name in tables if name.startswith(f"customers.{PREFIX}")))


def owns(column: str) -> bool:
    """Whether it is an ordered attribute, of any source."""
    return column.startswith(PREFIX)


def reads(column: str) -> tuple[str, ...]:
    """The column of customers that it is."""
    return (*NEEDS, f"customers.{column}") if owns(column) else ()


def attributes(column: str) -> tuple[str, ...]:
    """The column of customers that it is."""
    return (column,) if owns(column) else ()


def is_protected(column: str) -> bool:
    """Those that the source declares protected."""
    return owns(column) and declared_protected(column)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a profile: customer_id and the ordered attributes."""
    del as_of  # The newest profile says it.
    return past.customers.select("customer_id", *(nw.col(name).cast(nw.Float64) for name in columns(past.present)))
