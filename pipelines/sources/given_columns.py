"""Which columns a SELECT may return for a table, and which it must."""

from collections.abc import Sequence
from difflib import get_close_matches

from features.columns import TableSpec
from features.errors import BadTable

SOURCE_PREFIX = "source_"
"""Columns that a source returns beside those of the table."""


def canonical_name(spec: TableSpec, name: str) -> str:
    """The column as the contract writes it: SQL does not tell ``Quantity`` from ``quantity``."""
    return name.lower() if name.lower() in spec.column_names else name


def check_columns(spec: TableSpec, where: str, names: Sequence[str]) -> None:
    """Raise BadTable unless the columns ``names`` of a SELECT, which ``where`` names, are the table's."""
    lower = [name.lower() for name in names]
    twice = sorted({name for name in names if lower.count(name.lower()) > 1})
    if twice:
        raise BadTable(f"{where} returns {', '.join(twice)} more than once: name every column once")
    for name in names:
        if name in spec.column_names or name.startswith(SOURCE_PREFIX) or spec.is_extra(name):
            continue
        close = get_close_matches(name, spec.column_names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"{spec.name} has {', '.join(spec.column_names)}"
        raise BadTable(f"{where} returns the unknown column {name}: {hint}")
    missing = [name for name in spec.required if name not in names]
    if missing:
        raise BadTable(f"{where} lacks {', '.join(missing)}: return every required column ({', '.join(spec.required)})")
