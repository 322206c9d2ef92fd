"""Declared attributes: ``attr_*`` columns whose meaning the source states become columns that features may read.

``[attributes] hobby = "level"`` makes ``level_hobby`` of ``attr_hobby``; ``size = "ordered: small, middle, large"``
makes ``ordered_size``, the place in that order, from 0. ``protected`` before either makes ``level_protected_hobby`` and
``ordered_protected_size``. A text that is not in the order (compared without case) is counted and has no place.
"""

from collections.abc import Collection, Mapping

import duckdb

from features.errors import BadTable
from pipelines.sources.attributes import column_of, texts_of
from pipelines.sql import one_number, quoted_list


def declare(
    con: duckdb.DuckDBPyConnection, given: Collection[str], attributes: Mapping[str, str], source: str
) -> dict[str, int]:
    """Add the declared columns to ``clean.customers``; of each ordered attribute, how many texts have no place.

    Raises:
        BadTable: ``given``, what the SELECT returns, lacks an attribute, or all its texts lack a place.
    """
    placeless = {}
    for name, declaration in sorted(attributes.items()):
        if f"attr_{name}" not in given:
            raise BadTable(
                f"[attributes] of {source} declares {name}, but customers.sql returns no attr_{name}: return it, or "
                "take the declaration out"
            )
        con.execute(
            f"""CREATE OR REPLACE TABLE clean.customers AS
            SELECT *, {_value(name, declaration)} AS "{column_of(name, declaration)}" FROM clean.customers"""
        )
        if texts_of(declaration):
            placeless[f"unordered_{name}_emptied"] = _placeless(con, name, declaration, source)
    return placeless


def _value(name: str, declaration: str) -> str:
    order = texts_of(declaration)
    return f'list_position([{quoted_list(order)[1:-1]}], lower("attr_{name}")) - 1' if order else f'"attr_{name}"'


def _placeless(con: duckdb.DuckDBPyConnection, name: str, declaration: str, source: str) -> int:
    rows = f'clean.customers WHERE "attr_{name}" IS NOT NULL'
    known = one_number(con, f"SELECT count(*) FROM {rows}")
    lost = one_number(con, f'SELECT count(*) FROM {rows} AND "{column_of(name, declaration)}" IS NULL')
    if known and lost == known:
        raise BadTable(
            f"none of {known} texts in attr_{name} of customers is in its order ({', '.join(texts_of(declaration))}): "
            f"correct [attributes] of {source}"
        )
    return lost
