"""Feature families: one file a family, found by scanning this folder. ``Family`` says what a file defines.

**Zero or null.** ``compute`` need not give a row to every customer, and a table it reads may be absent. The rule is the
same for all families, and ``features.definition`` applies it:

- where a present table has no row of a customer, counts (``ZERO_IF_NONE``) are 0 and all other columns null;
- of an absent table nothing is known: a family that needs it is left out, and columns that another family derives from
  it (``USES``) are null, counts included. All other columns are as if the table had no rows.
"""

from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Protocol

from features.past import Past
from features.plugins import default, plugins
from features.windows import Frame


class Family(Protocol):
    """What a family's file defines; constants with a value here may be left out."""

    NAME: str
    """Set to the file's name; every column begins with it."""
    NEEDS: tuple[str, ...]
    """Tables it cannot do without, and optional columns as ``table.column``."""
    COLUMNS: dict[str, str]
    """Meaning, unit and null behaviour by column; of an open family, those it has whatever the source declares."""
    USES: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Tables it reads if they are present, each with the columns that are null if it is absent."""
    ZERO_IF_NONE: tuple[str, ...] = ()
    """Counts that are 0 where ``compute`` gives null or no row."""
    TEXT: tuple[str, ...] = ()
    """Columns that are text, a level of something (a channel, a country); models read them as indicators."""
    PROTECTED: tuple[str, ...] = ()
    """Columns about what nobody should be judged by; a model reads them only if its study names them."""

    def compute(self, past: Past, as_of: float) -> Frame:
        """customer_id and its columns, at most one row a customer. It never cuts time itself."""
        ...

    @default
    def columns(self, tables: Collection[str]) -> tuple[str, ...]:
        """Its columns where ``tables`` are given, none if it needs others; an open family has more than COLUMNS."""
        return tuple(self.COLUMNS) if set(self.NEEDS) <= set(tables) else ()

    @default
    def owns(self, column: str) -> bool:
        """Whether the column is, or could be, one of its own."""
        return column in self.COLUMNS

    @default
    def reads(self, column: str) -> tuple[str, ...]:
        """What this column of its own may be made of: tables, and optional columns as ``table.column``."""
        return (*self.NEEDS, *self.USES) if self.owns(column) else ()

    @default
    def attributes(self, column: str) -> tuple[str, ...]:  # noqa: ARG002 - most are made of what happened, which is dated
        """Columns of ``customers`` that this column of its own is made of and that have no time but ``known_at``."""
        return ()

    @default
    def is_text(self, column: str) -> bool:
        """Whether this column of its own is text."""
        return column in self.TEXT

    @default
    def is_protected(self, column: str) -> bool:
        """Whether this column of its own is about what nobody should be judged by."""
        return column in self.PROTECTED


def families() -> dict[str, Family]:
    """All families by name, in alphabetical order."""
    return plugins(__name__, Family)


def families_for(tables: Collection[str]) -> dict[str, Family]:
    """Those that have a column where ``tables`` are given, as ``features.engines.given`` lists them."""
    return {name: family for name, family in families().items() if family.columns(tables)}


def missing_tables(tables: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Families that cannot be computed from ``tables``, and which further tables or columns each would need."""
    lacking = {name: tuple(need for need in family.NEEDS if need not in tables) for name, family in families().items()}
    return {name: needs for name, needs in lacking.items() if needs}


def inputs_of(features: Collection[str]) -> frozenset[str]:
    """Tables, and optional columns as ``table.column``, that these features or indicators of them may be made of."""
    names = {feature.partition("=")[0] for feature in features}
    return frozenset(read for family in families().values() for name in names for read in family.reads(name))


def tables_of(features: Collection[str]) -> tuple[str, ...]:
    """Tables that these features (or indicators of them) may be made of, alphabetically."""
    return tuple(sorted({read.partition(".")[0] for read in inputs_of(features)}))


def attributes_of(column: str) -> tuple[str, ...]:
    """Columns of ``customers`` that the feature is made of and that have no time but ``known_at``.

    Where that is null too, nobody knows whether a value was there on a date of the past.

    >>> attributes_of("profile_income_from"), attributes_of("purchase_spend")
    (('income_band',), ())
    """
    return tuple(name for family in families().values() if family.owns(column) for name in family.attributes(column))


@cache
def is_text(column: str) -> bool:
    """Whether the feature is text, a level of something; models read its indicators."""
    return any(family.is_text(column) for family in families().values())


@cache
def is_protected(column: str) -> bool:
    """Whether no model reads the feature unless its study names it."""
    return any(family.is_protected(column) for family in families().values())


@cache
def family_of(feature: str) -> str:
    """The family of a feature or of an indicator of one; of a column that no family has, its first word.

    >>> family_of("profile_country=france"), family_of("purchase_spend_90d")
    ('profile', 'purchase')
    """
    column = feature.partition("=")[0]
    return next((name for name, family in families().items() if family.owns(column)), column.partition("_")[0])


@cache
def meaning_of(column: str) -> str:
    """What the reference says of a column; empty for one that no family documents."""
    return next((family.COLUMNS[column] for family in families().values() if column in family.COLUMNS), "")


def is_flag(column: str) -> bool:
    """Whether the column is 1 where something holds, else 0.

    >>> is_flag("engagement_never_opener"), is_flag("engagement_open_rate")
    (True, False)
    """
    return meaning_of(column).startswith("1 if ")


def reference(found: Mapping[str, Family]) -> str:
    """The families as a Markdown page: every column with its meaning, unit and null behaviour."""
    total = sum(len(family.COLUMNS) for family in found.values())
    head = f"""# Features

{total} columns in {len(found)} families, one row a customer with a sale before `as_of`; where a study asks for
`who = "known"`, one row a person known by then, for whom a column that is "never null" is null without a sale. Written
by `python -m features.families > docs/features.md`; a test keeps it current.

Numbers are float64, levels are text. Days count from `as_of` backwards, a day of purchase is a calendar day in UTC,
money is in the shop's currency. Only what happened before `as_of` and was known by then is counted.

**Null** means that there is nothing to measure; it is never filled in. A count of rows is 0 for a customer without such
rows. Of an **absent table** nothing is known, so nothing is 0: a family that needs it is left out, and the columns that
another family derives from it, named below as "null without" it, are null. All other columns are as if the table had no
rows.
"""
    return head + "".join(_section(name, family) for name, family in found.items())


def _section(name: str, family: Family) -> str:
    title, _, further = (family.__doc__ or "").strip().partition("\n")
    rows = "".join(f"| `{column}` | {meaning} |\n" for column, meaning in family.COLUMNS.items())
    needs = f"Needs {_listed(family.NEEDS)}." if family.NEEDS else "Needs no particular table."
    table = f"| column | meaning |\n|---|---|\n{rows}" if rows else f"{further.strip()}\n".replace("``", "`")
    unknown = "".join(f"\nNull without `{table}`: {_listed(names)}.\n" for table, names in family.USES.items())
    return f"\n## {name}\n\n{title} {needs}\n{unknown}\n{table}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
