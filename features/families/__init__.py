"""Feature families: one file a family, found by scanning this folder.

A family is a module with ``NEEDS`` (tables it cannot do without), ``COLUMNS`` (name: meaning, unit, null behaviour)
and ``compute(past, as_of)``, which gives customer_id and those columns and never cuts time itself. It may have

- ``USES``: tables it reads where they are there, beside those it needs;
- ``ZERO_IF_NONE``: counts that are 0 for a customer of whom ``compute`` gives no row; all other columns are null then;
- ``TEXT``: columns that are text, a level of something (a channel, a country); models read them as indicators;
- ``PROTECTED``: columns about what nobody should be judged by; a model reads them only if its study names them.
"""

import importlib
import pkgutil
from collections.abc import Collection, Mapping
from functools import cache
from typing import Protocol, cast

from features.past import Past
from features.windows import Frame


class Family(Protocol):
    """What a family's file must define."""

    NEEDS: tuple[str, ...]
    COLUMNS: dict[str, str]

    def compute(self, past: Past, as_of: float) -> Frame:
        """customer_id and COLUMNS, one row a customer."""
        ...


@cache
def families() -> dict[str, Family]:
    """All families by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: cast(Family, importlib.import_module(f"{__name__}.{name}")) for name in names}


def families_for(tables: Collection[str]) -> dict[str, Family]:
    """Those whose tables are all there."""
    return {name: family for name, family in families().items() if set(family.NEEDS) <= set(tables)}


def missing_tables(tables: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Families that ``tables`` cannot feed, and which tables each would need."""
    lacking = {name: tuple(need for need in family.NEEDS if need not in tables) for name, family in families().items()}
    return {name: needs for name, needs in lacking.items() if needs}


def tables_of(features: Collection[str]) -> tuple[str, ...]:
    """Tables that the families of these features (or of indicators of them) read or can read, alphabetically."""
    read = [family for family in families().values() if {f.partition("=")[0] for f in features} & set(family.COLUMNS)]
    return tuple(sorted({table for family in read for table in (*family.NEEDS, *getattr(family, "USES", ()))}))


def text_names() -> frozenset[str]:
    """Columns that are text, of all families."""
    return frozenset(name for family in families().values() for name in getattr(family, "TEXT", ()))


def protected_names() -> frozenset[str]:
    """Columns that no model reads unless its study names them, of all families."""
    return frozenset(name for family in families().values() for name in getattr(family, "PROTECTED", ()))


def reference(found: Mapping[str, Family]) -> str:
    """The families as a Markdown page: every column with its meaning, unit and null behaviour."""
    total = sum(len(family.COLUMNS) for family in found.values())
    head = f"""# Features

{total} columns in {len(found)} families, one row a customer with a sale before `as_of`. Written by
`python -m features.families > docs/features.md`; a test keeps it current.

All are float64. Days count from `as_of` backwards, a day of purchase is a calendar day in UTC, money is in the shop's
currency. Only what happened before `as_of` and was known by then is counted. Null means that there is nothing to
measure; it is never filled in.
"""
    return head + "".join(_section(name, family) for name, family in found.items())


def _section(name: str, family: Family) -> str:
    title = (family.__doc__ or "").strip().splitlines()[0]
    rows = "".join(f"| `{column}` | {meaning} |\n" for column, meaning in family.COLUMNS.items())
    uses = [f"`{table}`" for table in getattr(family, "USES", ())]
    needs = ", ".join(f"`{table}`" for table in family.NEEDS) + (f"; reads {', '.join(uses)} too" if uses else "")
    return f"\n## {name}\n\n{title} Needs {needs}.\n\n| column | meaning |\n|---|---|\n{rows}"
