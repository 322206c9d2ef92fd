"""What a column and a table of the contract are: ``features.tables`` states which there are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["str", "float", "int", "time", "date", "bool"]
DECLARED = ("level_", "ordered_")
"""Prefixes of columns that ingest makes of ``attr_*`` columns whose meaning ``[attributes]`` of the source declares."""
PROTECTED_MARK = "protected_"
"""Follows the prefix where the source declares the attribute protected, so that its name says so wherever it goes."""


@dataclass(frozen=True)
class Column:
    """One column of a canonical table; ``time`` is a TIMESTAMP in UTC, microseconds, without a time zone.

    ``levels`` are the values it may have; empty if any value may occur. ``personal``: see the top of this file.
    ``protected``: nobody should be judged by it, so a model reads what comes from it only if its study names it.
    ``optional``: without it the table is as if the contract lacked it. It is written only if the source returns it, or
    ``always``, but then counts only if it has a value.
    """

    name: str
    type: ColumnType
    nullable: bool
    doc: str
    personal: bool = False
    protected: bool = False
    levels: tuple[str, ...] = ()
    optional: bool = False
    always: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One canonical table.

    ``key`` are the columns that tell rows apart (``unique``: no two rows share them; order lines may, since a shop can
    write one product twice in an order). ``time`` is the column that says when the row happened, null if it has none.
    ``extra_prefix`` marks further columns that are taken along unread. A ``vault`` is opened to reach people in the
    shop's name, and for nothing else: no feature, model, log, artifact or page sees a value of it.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    doc: str
    time: str | None = "at"
    unique: bool = False
    extra_prefix: str | None = None
    vault: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in contract order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that may not be null."""
        return tuple(column.name for column in self.columns if not column.nullable)

    @property
    def optional(self) -> tuple[str, ...]:
        """Names of the columns without which the table is as if the contract lacked them."""
        return tuple(column.name for column in self.columns if column.optional)

    def written(self, returned: Collection[str]) -> tuple[Column, ...]:
        """The columns of the canonical table if the source returns these: what it lacks is null, or left out."""
        return tuple(column for column in self.columns if column.always or column in self.columns_given(returned))

    def columns_given(self, names: Collection[str]) -> tuple[Column, ...]:
        """The columns that the table is read with if it has ``names``: all but optional ones that it lacks.

        >>> from features.tables import EVENTS
        >>> [column.name for column in EVENTS.columns_given({"query"}) if column.optional]
        ['query']
        """
        return tuple(column for column in self.columns if not column.optional or column.name in names)

    def is_extra(self, name: str) -> bool:
        """Whether ``name`` is a further column that is taken along unread (``attr_*``)."""
        return self.extra_prefix is not None and name.startswith(self.extra_prefix)

    def is_declared(self, name: str) -> bool:
        """Whether ingest makes ``name`` of a further column, because the source declares what that one means.

        >>> from features.tables import CUSTOMERS
        >>> [CUSTOMERS.is_declared(name) for name in ("level_hobby", "ordered_age_band", "attr_hobby", "region")]
        [True, True, False, False]
        """
        return self.name == "customers" and name.startswith(DECLARED)

    def made_of(self, name: str) -> str:
        """The column that the source returns for ``name``: its own, or the further one that it is declared from.

        >>> from features.tables import CUSTOMERS
        >>> CUSTOMERS.made_of("ordered_protected_age_band"), CUSTOMERS.made_of("level_hobby"), CUSTOMERS.made_of("city")
        ('attr_age_band', 'attr_hobby', 'city')
        """
        if not self.is_declared(name):
            return name
        return f"{self.extra_prefix}{name.partition('_')[2].removeprefix(PROTECTED_MARK)}"

    def is_protected(self, name: str) -> bool:
        """Whether nobody should be judged by this column: by the contract, or because the source declares it.

        >>> from features.tables import CUSTOMERS
        >>> [CUSTOMERS.is_protected(name) for name in ("gender", "ordered_protected_age_band", "ordered_size")]
        [True, True, False]
        """
        declared = self.is_declared(name) and declared_protected(name)
        return declared or any(column.name == name and column.protected for column in self.columns)

    def levels(self, name: str) -> tuple[str, ...]:
        """Values that the column ``name`` may have; empty if any value may occur, or if there is no such column.

        >>> from features.tables import ORDERS, PRODUCTS
        >>> ORDERS.levels("kind"), ORDERS.levels("channel"), PRODUCTS.levels("kind")
        (('sale', 'return'), (), ())
        """
        return next((column.levels for column in self.columns if column.name == name), ())

    def is_personal(self, name: str) -> bool:
        """Whether values of this column may stand in the table only; further columns (``attr_*``) always are.

        >>> from features.tables import CUSTOMERS
        >>> [CUSTOMERS.is_personal(name) for name in ("birth_year", "attr_shoe_size", "region")]
        [True, True, False]
        """
        return self.is_extra(name) or any(column.name == name and column.personal for column in self.columns)


def declared_protected(name: str) -> bool:
    """Whether the name of a declared attribute's column says that it is protected."""
    return name.startswith(tuple(prefix + PROTECTED_MARK for prefix in DECLARED))


def must(name: str, type_: ColumnType, doc: str, personal: bool = False) -> Column:
    """A column that may not be null."""
    return Column(name, type_, nullable=False, doc=doc, personal=personal)


def may(
    name: str,
    type_: ColumnType,
    doc: str,
    personal: bool = False,
    protected: bool = False,
    levels: tuple[str, ...] = (),
) -> Column:
    """A column that may be null."""
    return Column(name, type_, True, doc, personal, protected, levels)


def optional(
    name: str,
    type_: ColumnType,
    doc: str,
    personal: bool = False,
    levels: tuple[str, ...] = (),
    always: bool = False,
) -> Column:
    """A column without which the table is as if the contract lacked it."""
    return Column(name, type_, True, doc, personal, levels=levels, optional=True, always=always)


def level(name: str, levels: tuple[str, ...]) -> Column:
    """A column of fixed values that may not be null."""
    return Column(name, "str", nullable=False, doc=one_of(levels), levels=levels)


def one_of(levels: tuple[str, ...]) -> str:
    """The levels as a sentence of documentation: ``a, b or c.``"""
    return f"{', '.join(levels[:-1])} or {levels[-1]}."
