"""Levels that many share: motivation, lifestyle, and every ``attr_*`` column that the source declares a level.

An open family: a column that ``[attributes]`` of source.toml declares as ``"level"`` is ``level_<attribute>``, null if
unknown; one that it declares as ``"protected level"`` is ``level_protected_<attribute>``, which a model reads only if
its study names it. ``level_motivation`` and ``level_lifestyle`` are the columns of these names in ``customers``.
"""

from collections.abc import Collection

import narwhals as nw

from features.columns import declared_protected
from features.past import Past
from features.windows import Frame

NEEDS = ("customers",)
COLUMNS: dict[str, str] = {}

PREFIX = "level_"
OF_THE_CONTRACT = ("lifestyle", "motivation")


def columns(tables: Collection[str]) -> tuple[str, ...]:
    """A column for each level that customers have."""
    names = [name.removeprefix("customers.") for name in tables if name.startswith("customers.")]
    levels = {name if name.startswith(PREFIX) else PREFIX + name for name in names if _is_level(name)}
    return tuple(sorted(levels))


def _is_level(name: str) -> bool:
    return name.startswith(PREFIX) or name in OF_THE_CONTRACT


def owns(column: str) -> bool:
    """Whether it is a level of any source, and not an indicator of one."""
    return column.startswith(PREFIX) and "=" not in column


def reads(column: str) -> tuple[str, ...]:
    """The column of customers that it is."""
    name = column.removeprefix(PREFIX) if column.removeprefix(PREFIX) in OF_THE_CONTRACT else column
    return (*NEEDS, f"customers.{name}") if owns(column) else ()


def attributes(column: str) -> tuple[str, ...]:
    """The column of customers that it is."""
    return tuple(name.removeprefix("customers.") for name in reads(column) if name.startswith("customers."))


def is_text(column: str) -> bool:
    """All are."""
    return owns(column)


def is_protected(column: str) -> bool:
    """Those that the source declares protected."""
    return owns(column) and declared_protected(column)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a profile: customer_id and the levels."""
    del as_of  # The newest profile says it.
    names = past.customers.collect_schema().names()
    levels = {name: nw.col(name if name in names else name.removeprefix(PREFIX)) for name in columns(past.present)}
    return past.customers.select("customer_id", **levels)
